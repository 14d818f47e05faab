"""The OPSN's console, page by page: what an administrator does shows at once on the collectivité's own host."""

import io
from pathlib import Path

import anyio
import pytest
from PIL import Image

from app.collectivites.import_csv import COLONNES
from tests.cast import Cast
from tests.outillage.comptage import count_statements
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio

ICI = "/collectivites/prendre-en-charge"
DONNEES = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture
async def console(portail: Portail, cast: Cast) -> Navigateur:
    """The administrator's browser."""
    navigateur = portail.navigateur("opsn")
    await portail.ouvrir_session("opsn", agent=cast.agents["gwenole"], navigateur=navigateur)
    return navigateur


async def _announced() -> None:
    """The time that PostgreSQL takes to tell this process of a change."""
    await anyio.sleep(0.15)


def _audit(portail: Portail) -> list[tuple[str, str]]:
    return [
        (acteur, action)
        for acteur, action in portail.base.sql("SELECT acteur, action FROM socle_audit ORDER BY id")
    ]


async def test_the_console_is_for_administrators(portail: Portail, cast: Cast) -> None:
    stranger = portail.navigateur("opsn")
    assert (await stranger.get("/", suivre=False)).answer.headers["location"].startswith("/connexion")
    await portail.ouvrir_session("opsn", agent=cast.agents["maelle"], navigateur=stranger)
    for path in (
        "/",
        ICI,
        "/collectivites/guingamp",
        "/travaux",
        "/bandeau",
        "/collectivites/guingamp/agents",
    ):
        assert (await stranger.get(path)).statut == 403


async def test_the_list_finds_by_name_code_and_host_in_the_same_few_statements(
    portail: Portail, console: Navigateur
) -> None:
    for words in ("guin", "Guingamp", "22070", "guingamp.", "GUÏN"):
        assert "Guingamp" in (await console.get(f"/?q={words}")).texte
    assert "Rennes" not in (await console.get("/?q=guin")).texte
    assert "Aucune collectivité ne correspond" in (await console.get("/?q=%25")).texte
    with count_statements() as few:
        await console.get("/")
    portail.base.sql(
        "INSERT INTO socle_collectivite (id, genre, code_insee, nom, slug) SELECT gen_random_uuid(), 'commune',"
        " lpad((10000 + n)::text, 5, '0'), 'Commune ' || n, 'commune-' || n FROM generate_series(1, 300) n"
    )
    await _announced()
    with count_statements() as many:
        page = await console.get("/?page=2")
    assert len(many) == len(few) <= 4
    assert "305 collectivités" in page.texte
    assert "Page 2 sur 13" in page.texte


async def test_a_commune_of_the_list_answers_at_its_host_at_once(
    portail: Portail, console: Navigateur
) -> None:
    assert (await portail.navigateur("plouha").get("/")).statut == 404
    found = await console.get(f"{ICI}?q=22222")
    assert "Plouha" in found.texte
    form = next(f for f in found.arbre.forms if f.get("method") == "post" and f.get("action") == ICI)
    fields = [(name, str(value)) for name, value in form.form_values()]
    card = await console.post(ICI, fields)
    assert card.chemin == "/collectivites/plouha?fait=prise"
    # The same form again, as a double click sends it: the same page, once.
    assert (await console.post(ICI, fields)).chemin == card.chemin
    await _announced()
    site = await portail.navigateur("plouha").get("/demarches")
    assert site.statut == 200
    assert "Demander un acte de naissance" in site.texte
    assert "Déjà ici" in (await console.get(f"{ICI}?q=plouha")).texte
    who, action = _audit(portail)[-1]
    assert who.startswith("agent:")
    assert action == "collectivites:communes:importer"


async def test_searching_ranks_the_closest_name_first(console: Navigateur) -> None:
    page = await console.get(f"{ICI}?q=brest")
    names = [element.text for element in page.arbre.xpath("//ul[@class='k-choix-communes']//strong")]
    assert names[0] == "Brest"
    assert "Écrivez au moins deux lettres" in (await console.get(f"{ICI}?q=a")).texte
    assert "0 commune trouvée" in (await console.get(f"{ICI}?q=zzzz")).texte


def _csv(*rows: str) -> dict[str, tuple[str, bytes, str]]:
    return {"fichier": ("lot.csv", "\n".join((",".join(COLONNES), *rows)).encode(), "text/csv")}


BREST = "29019,Brest,29,53,212900195,29200,139619,242900314,Brest Métropole,METRO,"
MAUVAISE = "9999,Nulle-Part,22,53,123,22200,x,,,,"


async def test_a_file_is_shown_on_trial_then_imported(portail: Portail, console: Navigateur) -> None:
    guingamp = "22070,Guingamp,22,53,212200703,22200,7111,200067981,CA Guingamp-Paimpol,CA,"
    trial = await (await console.get(ICI)).envoyer(action="/fichier", fichiers=_csv(BREST, guingamp))
    assert "brest.kumun.test" in trial.texte
    assert "1 commune déjà connue" in trial.texte
    assert (await portail.navigateur("brest").get("/")).statut == 404
    done = await trial.envoyer(action="/fichier/")
    assert done.chemin == "/collectivites/brest?fait=prise"
    await _announced()
    assert (await portail.navigateur("brest").get("/")).statut == 200


async def test_a_file_with_a_bad_row_imports_nothing_and_names_it(
    portail: Portail, console: Navigateur
) -> None:
    trial = await (await console.get(ICI)).envoyer(action="/fichier", fichiers=_csv(BREST, MAUVAISE))
    assert "Ligne 3 : Nulle-Part" in trial.texte
    for reason in ("code INSEE « 9999 » incorrect", "SIREN « 123 » incorrect", "population « x » incorrecte"):
        assert reason in trial.texte.replace("\xa0", " ").replace("\u202f", " ")
    token = (await console.get(ICI)).champs("/fichier")[0][1]
    forced = {"jeton_csrf": token, "cle_idempotence": "x" * 30}
    assert (await console.post(trial.chemin, forced)).statut == 422
    assert (await portail.navigateur("brest").get("/")).statut == 404


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "vide"), (b"a,b\n1,2", "Il manque la colonne"), (b"\xff\xfe", "UTF-8")]
)
async def test_a_file_that_is_no_list_is_refused_beside_the_field(
    console: Navigateur, content: bytes, words: str
) -> None:
    form = await console.get(ICI)
    refused = await form.envoyer(action="/fichier", fichiers={"fichier": ("lot.csv", content, "text/csv")})
    assert refused.statut == 422
    assert words in refused.arbre.xpath("string(//*[@id='fichier-erreur'])")


async def test_many_communes_are_taken_on_once(portail: Portail, console: Navigateur) -> None:
    lines = (DONNEES / "communes-bretagne.csv").read_text(encoding="utf-8").splitlines()[1:151]
    trial = await (await console.get(ICI)).envoyer(action="/fichier", fichiers=_csv(*lines))
    done = await trial.envoyer(action="/fichier/")
    assert done.chemin == "/"
    assert "déjà prises en charge" in (await console.get(trial.chemin)).texte
    before = portail.base.sql("SELECT count(*) FROM socle_collectivite")[0][0]
    assert before > 150
    again = await (await console.get(ICI)).envoyer(action="/fichier", fichiers=_csv(*lines, BREST))
    await again.envoyer(action="/fichier/")
    assert portail.base.sql("SELECT count(*) FROM socle_collectivite")[0][0] <= before + 1


async def test_contact_details_show_on_the_site(portail: Portail, console: Navigateur) -> None:
    site = portail.navigateur("guingamp")
    await site.get("/")
    form = await console.get("/collectivites/guingamp/coordonnees")
    refused = await form.envoyer({"telephone": "12"}, action="/coordonnees")
    assert refused.statut == 422
    assert "telephone-erreur" in refused.answer.text
    done = await refused.envoyer({"telephone": "02 61 91 55 55"}, action="/coordonnees")
    assert done.chemin.endswith("?fait=coordonnees")
    await _announced()
    assert "02 61 91 55 55" in (await site.get("/")).texte.replace("\xa0", " ")


async def test_a_theme_without_contrast_is_shown_and_never_kept(
    portail: Portail, console: Navigateur
) -> None:
    form = await console.get("/collectivites/guingamp/theme")
    before = portail.base.sql("SELECT theme FROM socle_collectivite WHERE slug = 'guingamp'")
    refused = await form.envoyer({"principale": "#ffd000", "action": "enregistrer"}, action="/theme")
    assert refused.statut == 422
    assert "contraste" in refused.arbre.xpath("string(//*[@id='principale-erreur'])")
    assert portail.base.sql("SELECT theme FROM socle_collectivite WHERE slug = 'guingamp'") == before
    seen = await refused.envoyer({"principale": "#5a2a82", "action": "apercu"}, action="/theme")
    assert seen.statut == 200
    sheet = await console.get(seen.arbre.xpath("string(//section[@id='apercu']/link/@href)"))
    assert sheet.answer.text.startswith(".k-apercu{--k-principale:#5a2a82")
    assert portail.base.sql("SELECT theme FROM socle_collectivite WHERE slug = 'guingamp'") == before


async def test_a_theme_with_contrast_dresses_the_site_at_once(portail: Portail, console: Navigateur) -> None:
    form = await console.get("/collectivites/guingamp/theme")
    await form.envoyer({"principale": "#5a2a82", "action": "enregistrer"}, action="/theme")
    await _announced()
    site = await portail.navigateur("guingamp").get("/")
    address = site.arbre.xpath("string(//link[contains(@href, '/theme/')]/@href)")
    assert "--k-principale:#5a2a82" in (await portail.navigateur("guingamp").get(address)).answer.text


async def test_a_logo_is_served_as_an_image_in_a_sandbox(portail: Portail, console: Navigateur) -> None:
    form = await console.get("/collectivites/guingamp/theme")
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><rect width='9' height='9'/></svg>"
    hostile = drawing.replace(b"<rect", b"<script>alert(1)</script><rect")
    refused = await form.envoyer(action="/logo", fichiers={"logo": ("l.svg", hostile, "image/svg+xml")})
    assert refused.statut == 422
    assert "script" in refused.arbre.xpath("string(//*[@id='logo-erreur'])")
    kept = await form.envoyer(action="/logo", fichiers={"logo": ("l.svg", drawing, "image/svg+xml")})
    address = kept.arbre.xpath("string(//img[@class='k-logo']/@src)")
    assert (await console.get(address)).statut == 200
    await _announced()
    site = portail.navigateur("guingamp")
    shown = (await site.get("/")).arbre.xpath("string(//img[@class='k-entete__blason']/@src)")
    image = (await site.get(shown)).answer
    assert image.headers["content-type"] == "image/svg+xml"
    assert image.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert image.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in image.headers["cache-control"]
    # Another collectivité's host does not serve it.
    assert (await portail.navigateur("rennes").get(shown)).statut == 404
    out = io.BytesIO()
    Image.new("RGB", (900, 900), "#123456").save(out, "JPEG")
    again = await kept.envoyer(action="/logo", fichiers={"logo": ("l.jpg", out.getvalue(), "image/jpeg")})
    picture = (await console.get(again.arbre.xpath("string(//img[@class='k-logo']/@src)"))).answer
    assert picture.headers["content-type"] == "image/png"
    gone = await again.envoyer({"action": "retirer"}, action="/logo")
    assert gone.arbre.xpath("//img[@class='k-logo']") == []


async def test_a_closed_demarche_leaves_the_site_and_comes_back(
    portail: Portail, console: Navigateur
) -> None:
    path = "/collectivites/guingamp/demarches"
    form = await console.get(path)
    open_ = [value for name, value in form.champs("/demarches") if name == "ouvertes"]
    await form.envoyer({"ouvertes": [slug for slug in open_ if slug != "pacs"]}, action="/demarches")
    await _announced()
    site = portail.navigateur("guingamp")
    assert (await site.get("/demarches/pacs")).statut == 404
    assert (await portail.navigateur("rennes").get("/demarches/pacs")).statut == 200
    await (await console.get(path)).envoyer({"ouvertes": open_}, action="/demarches")
    await _announced()
    assert (await site.get("/demarches/pacs")).statut == 200


def _invitation(page: Page) -> list[tuple[str, str]]:
    """What the form of an invitation would send: its address is the beginning of those that take rights away."""
    form = next(f for f in page.arbre.forms if (f.get("action") or "").endswith("/agents"))
    return [(str(name), str(value)) for name, value in form.form_values()]


async def test_an_invited_agent_gets_a_mail_and_the_desk_until_the_right_is_taken_away(
    portail: Portail, cast: Cast, console: Navigateur
) -> None:
    path = "/collectivites/rennes/agents"
    form = await console.get(path)
    start = [(name, value) for name, value in _invitation(form) if name != "courriel"]
    refused = await console.post(path, [*start, ("courriel", "nulle part")])
    assert refused.statut == 422
    assert "courriel-erreur" in refused.answer.text
    values = {
        "courriel": "maelle.le-goff@guingamp.example",
        "prenom": "Maëlle",
        "nom": "Le Goff",
        "qualite": "Adjointe",
        "service": "État civil",
        "role": "administrateur",
    }
    start = [(name, value) for name, value in _invitation(refused) if name not in values]
    done = await console.post(path, [*start, *values.items()])
    assert "Adjointe · État civil" in done.texte
    assert await run_jobs(portail) == ["collectivites:inviter"]
    (mail,) = sent_mails(portail)
    assert "maelle.le-goff@guingamp.example" in mail
    who = cast.agents["maelle"]
    rights = "SELECT count(*) FROM socle_habilitation WHERE agent_id = %s AND collectivite_id = %s"
    assert portail.base.sql(rights, who, cast.communes["rennes"])[0][0] == 1
    gone = await done.envoyer(action=f"/agents/{who}/retirer")
    assert "Accès retiré" in gone.texte
    assert portail.base.sql(rights, who, cast.communes["rennes"])[0][0] == 0
    assert portail.base.sql(rights, who, cast.communes["guingamp"])[0][0] == 1
    assert [action for _, action in _audit(portail)][-2:] == [
        "collectivites:agent:inviter",
        "collectivites:agent:retirer",
    ]


async def test_franceconnect_keys_are_written_and_never_shown(portail: Portail, console: Navigateur) -> None:
    path = "/collectivites/guingamp/franceconnect"
    sql = (
        "SELECT secret FROM identite_franceconnect f JOIN socle_collectivite c ON c.id = f.collectivite_id"
        " WHERE c.slug = 'guingamp'"
    )
    before = portail.base.sql(sql)
    form = await console.get(path)
    kept = await form.envoyer({"client_id": "autre-client"}, action="/franceconnect")
    assert "autre-client" in kept.answer.text
    assert portail.base.sql(sql) == before
    changed = await kept.envoyer({"client_secret": "tout-nouveau-secret"}, action="/franceconnect")
    assert "tout-nouveau-secret" not in changed.answer.text
    assert portail.base.sql(sql) != before


async def test_a_suspended_site_says_so_with_the_mairies_phone(portail: Portail, console: Navigateur) -> None:
    card = await console.get("/collectivites/guingamp")
    closing = [*card.champs("/etat"), ("etat", "suspendue")]
    done = await console.post("/collectivites/guingamp/etat", closing)
    assert "Suspendue" in done.texte
    await _announced()
    site = portail.navigateur("guingamp")
    for path in ("/", "/demarches", "/demarches/acte-naissance/remplir"):
        closed = await site.get(path)
        assert closed.statut == 503
        assert "02 61 91" in closed.texte.replace("\xa0", " ")
    assert (await portail.navigateur("rennes").get("/")).statut == 200
    await console.post("/collectivites/guingamp/etat", [*done.champs("/etat"), ("etat", "active")])
    await _announced()
    assert (await site.get("/")).statut == 200


async def test_what_failed_for_good_is_shown_with_its_reason_and_tried_again(
    portail: Portail, console: Navigateur
) -> None:
    assert "Aucun travail en échec" in (await console.get("/travaux")).texte
    (job,) = portail.base.sql(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts)"
        " VALUES ('defaut', 'demarches:envoyer', 'failed', 9) RETURNING id"
    )
    portail.base.sql("INSERT INTO socle_echec VALUES (%s, 'UnavailableError : SMTP 451', now())", job[0])
    page = await console.get("/travaux")
    assert "Courriel à un usager" in page.texte
    assert "SMTP 451" in page.texte
    done = await page.envoyer(action=f"/travaux/{job[0]}/relancer")
    assert "Aucun travail en échec" in done.texte
    assert portail.base.sql("SELECT status FROM procrastinate_jobs WHERE id = %s", job[0]) == [("todo",)]
    assert _audit(portail)[-1][1] == "socle:travail:relancer"


async def test_the_banner_is_on_every_page_within_a_second_and_goes_away(
    portail: Portail, console: Navigateur
) -> None:
    site = portail.navigateur("guingamp")
    await site.get("/")
    form = await console.get("/bandeau")
    assert (await form.envoyer({"bandeau": "a" * 301}, action="/bandeau")).statut == 422
    form = await form.envoyer({"bandeau": "Coupure de 12 h à 14 h."}, action="/bandeau")
    await _announced()
    assert "Coupure de 12 h à 14 h." in (await site.get("/")).texte.replace("\xa0", " ")
    await form.envoyer({"bandeau": ""}, action="/bandeau")
    await _announced()
    assert "Coupure" not in (await site.get("/")).texte


async def test_an_unknown_collectivite_is_not_found(console: Navigateur) -> None:
    for path in ("", "/theme", "/agents", "/demarches", "/coordonnees", "/franceconnect"):
        assert (await console.get(f"/collectivites/nulle-part{path}")).statut == 404


async def test_a_form_without_its_token_changes_nothing(portail: Portail, console: Navigateur) -> None:
    before = portail.base.state()
    for path in (
        ICI,
        f"{ICI}/fichier",
        "/collectivites/guingamp/etat",
        "/collectivites/guingamp/logo",
        "/bandeau",
    ):
        answer = await console.post(path, files=[("jeton_csrf", (None, "x"))])
        assert answer.statut in (403, 422)
    assert portail.base.state() == before


async def test_an_epci_is_taken_on_and_answers_at_its_host(portail: Portail, console: Navigateur) -> None:
    page = await console.get(f"{ICI}?q=lannion")
    assert "Lannion-Trégor Communauté" in page.texte
    page = await page.envoyer(action=f"{ICI}/epci")
    assert "est prise en charge" in page.texte
    assert "EPCI" in page.texte
    ((slug, genre, departement, codes),) = portail.base.sql(
        "SELECT slug, genre, departement, codes_postaux FROM socle_collectivite WHERE nom LIKE '%%Lannion-Tr%%'"
    )
    assert (genre, departement, codes) == ("epci", "22", [])
    await _announced()
    home = await portail.navigateur(slug).get("/")
    assert home.statut == 200
    again = await console.get(f"{ICI}?q=lannion")
    assert "Déjà ici" in again.texte


async def test_an_unknown_siren_is_refused(console: Navigateur) -> None:
    page = await console.get(f"{ICI}?q=lannion")
    token = dict(page.champs(f"{ICI}/epci"))["jeton_csrf"]
    refused = await console.post(
        f"{ICI}/epci", {"jeton_csrf": token, "cle_idempotence": "z" * 30, "siren": "000000000"}
    )
    assert refused.statut == 404
