"""Exports, as an agent asks for them and takes them: content, formats, perimeter, a worker killed half-way."""

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from lxml import etree
from pypdf import PdfReader

from app.demarches.repository import exports as repository
from app.demarches.service import extraction
from app.socle.jobs import run_now
from tests import cast as acteurs
from tests.cast import Cast
from tests.outillage.comptage import count_statements
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import pending_jobs, run_jobs

pytestmark = pytest.mark.anyio


async def agent(portail: Portail, cast: Cast, name: str = "maelle") -> Navigateur:
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents[name], navigateur=nav)
    return nav


async def ask(nav: Navigateur, cast: Cast, **values: str | list[str]) -> Page:
    form = await nav.get("/exports")
    given: dict[str, str | list[str]] = {"demarche": "acte-naissance", **values}
    if "collectivite" in {name for name, _ in form.champs("/exports")}:
        given = {"collectivite": str(cast.communes["guingamp"]), **given}
    return await form.envoyer(given, action="/exports")


async def taken(nav: Navigateur, page: Page, rang: int = 0) -> bytes:
    answer = await nav.get(f"{page.chemin}/fichiers/{rang}")
    assert answer.statut == 200
    return answer.answer.content


def copies(portail: Portail, count: int) -> None:
    """More dossiers like the first, each a second later."""
    portail.base.sql(
        "INSERT INTO demarches_dossier (collectivite_id, id, numero, slug, version_id, titre, usager_id, canal, etat,"
        " niveau_identite, demandeur, reponses, cree_le, modifie_le, depose_le)"
        " SELECT collectivite_id, gen_random_uuid(), (400000000000 + n)::text, slug, version_id, titre, usager_id,"
        " canal, etat, niveau_identite, demandeur, reponses, cree_le, modifie_le, depose_le + n * interval '1 second'"
        " FROM demarches_dossier, generate_series(1, %s) n",
        count,
    )


async def test_a_csv_holds_the_answers_under_their_questions(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    nav = await agent(portail, cast)
    page = await ask(nav, cast, format="csv")
    assert "En préparation" in page.texte
    await run_jobs(portail)
    page = await nav.get(page.chemin)
    assert "1 dossier" in page.texte
    text = (await taken(nav, page)).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text), delimiter=";")
    assert row["Numéro"].replace("-", "").replace(" ", "").endswith(dossier.numero[-4:])
    assert "Copie intégrale" in row.values()
    assert "22200" in row.values()


@pytest.mark.parametrize("texte", ["=HYPERLINK(1)", "+33", "-2+3", "@SUM(A1)"])
async def test_what_looks_like_a_formula_cannot_run(portail: Portail, cast: Cast, texte: str) -> None:
    await acteurs.dossier_depose(portail)
    portail.base.sql(
        "UPDATE demarches_dossier SET reponses = reponses || jsonb_build_object('personne_nom', %s::text)",
        texte,
    )
    nav = await agent(portail, cast)
    pages = {kind: await ask(nav, cast, format=kind) for kind in ("csv", "xlsx")}
    await run_jobs(portail)
    lines = (await taken(nav, pages["csv"])).decode("utf-8-sig")
    assert f"'{texte}" in lines
    with zipfile.ZipFile(io.BytesIO(await taken(nav, pages["xlsx"]))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert texte in sheet


async def test_a_workbook_has_real_dates_and_numbers(portail: Portail, cast: Cast) -> None:
    await acteurs.dossier_depose(portail)
    nav = await agent(portail, cast)
    pages = {kind: await ask(nav, cast, format=kind) for kind in ("xlsx", "ods", "json")}
    await run_jobs(portail)
    with zipfile.ZipFile(io.BytesIO(await taken(nav, pages["xlsx"]))) as book:
        sheet = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    cells = sheet.xpath("//m:row[2]/m:c[not(@t)]/m:v/text()", namespaces={"m": sheet.nsmap[None]})
    assert len(cells) >= 2  # the day of submission and the number of copies at least
    content = await taken(nav, pages["ods"])
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert book.infolist()[0].filename == "mimetype"
        assert book.infolist()[0].compress_type == zipfile.ZIP_STORED
        tree = etree.fromstring(book.read("content.xml"))
    rows = tree.xpath("//t:table[@t:name='Dossiers']/t:table-row", namespaces={"t": tree.nsmap["table"]})
    assert len(rows) == 2
    found = json.loads(await taken(nav, pages["json"]))
    assert found["champs"]["type_acte"]["type"] == "choix"
    assert found["dossiers"][0]["reponses"]["type_acte"] == "copie_integrale"


async def test_documents_are_told_with_their_date_their_state_and_the_reason(
    portail: Portail, cast: Cast
) -> None:
    await acteurs.dossier_depose(portail)
    portail.base.sql(
        "UPDATE demarches_piece SET date_document = '2019-03-27', etat = 'refusee', raison = 'perime', motif = '=1'"
    )
    nav = await agent(portail, cast)
    files: dict[str, bytes] = {}
    for kinds in (("csv", "xlsx", "ods"), ("json", "zip")):
        pages = {kind: await ask(nav, cast, format=kind) for kind in kinds}
        await run_jobs(portail)
        files |= {kind: await taken(nav, page) for kind, page in pages.items()}
    (row,) = csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig")), delimiter=";")
    assert "du 27\N{NO-BREAK SPACE}mars 2019 (refusé : Le document n’est plus valable. =1)" in row.values()
    with zipfile.ZipFile(io.BytesIO(files["xlsx"])) as book:
        assert 'name="Documents"' in book.read("xl/workbook.xml").decode()
        last = max(name for name in book.namelist() if name.startswith("xl/worksheets/sheet"))
        sheet = etree.fromstring(book.read(last))
    day = "//m:row[2]/m:c[@r='D2' and not(@t)]/m:v/text()"
    assert sheet.xpath(day, namespaces={"m": sheet.nsmap[None]}) == ["43551"]
    with zipfile.ZipFile(io.BytesIO(files["ods"])) as book:
        tree = etree.fromstring(book.read("content.xml"))
    line = "//t:table[@t:name='Documents']/t:table-row[2]"
    cells = tree.xpath(f"{line}//text()", namespaces={"t": tree.nsmap["table"]})
    assert cells[-3:-1] == ["Refusé", "Le document n’est plus valable. =1"]
    found = json.loads(files["json"])
    (piece,) = found["dossiers"][0]["pieces"]
    assert found["champs"][piece["champ"]]["type"] == "piece"
    assert (piece["date"], piece["etat"], piece["raison"]) == ("2019-03-27", "refusee", "perime")
    with zipfile.ZipFile(io.BytesIO(files["zip"])) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/dossier.pdf"))
        pages_read = PdfReader(io.BytesIO(archive.read(name))).pages
    assert "du 27 mars 2019" in " ".join(" ".join(page.extract_text() for page in pages_read).split())


async def test_an_archive_holds_the_pieces_and_the_papers(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    await run_jobs(portail)
    nav = await agent(portail, cast)
    page = await ask(nav, cast, format="zip")
    await run_jobs(portail)
    with zipfile.ZipFile(io.BytesIO(await taken(nav, page))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert f"{dossier.numero}/dossier.pdf" in names
        assert any(name.endswith(".jpg") for name in names)
        assert archive.read(f"{dossier.numero}/dossier.pdf").startswith(b"%PDF")


async def test_filters_choose_states_and_days(portail: Portail, cast: Cast) -> None:
    await acteurs.dossier_depose(portail)
    nav = await agent(portail, cast)
    none = await ask(nav, cast, format="json", etats=["accepte"])
    late = {"du-jour": "1", "du-mois": "1", "du-annee": "2199"}
    after = await ask(nav, cast, format="json", **late)
    every = await ask(nav, cast, format="json", etats=["depose", "accepte"])
    await run_jobs(portail)
    counts = [len(json.loads(await taken(nav, page))["dossiers"]) for page in (none, after, every)]
    assert counts == [0, 0, 1]


async def test_a_killed_worker_goes_on_where_it_was(
    portail: Portail, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await acteurs.dossier_depose(portail)
    copies(portail, 6)
    monkeypatch.setattr(extraction, "MORCEAU", 2)
    nav = await agent(portail, cast)
    page = await ask(nav, cast, format="csv")
    (job,) = [args for name, args in pending_jobs(portail) if name == "demarches:exporter"]
    streamed = repository.stream_lines

    async def dying(*given: Any) -> AsyncIterator[Any]:
        taken_lines = 0
        async for line in streamed(*given):
            if taken_lines == 5:
                raise KeyboardInterrupt
            taken_lines += 1
            yield line

    monkeypatch.setattr(repository, "stream_lines", dying)
    with pytest.raises(KeyboardInterrupt):
        await run_now(portail.noyau, "demarches:exporter", **job)
    monkeypatch.setattr(repository, "stream_lines", streamed)
    ((extracted, pieces),) = portail.base.sql(
        "SELECT e.extraits, (SELECT count(*) FROM demarches_export_objet) FROM demarches_export e"
    )
    assert (extracted, pieces) == (4, 2)
    await run_jobs(portail)
    text = (await taken(nav, page)).decode("utf-8-sig")
    numbers = [row["Numéro"] for row in csv.DictReader(io.StringIO(text), delimiter=";")]
    assert len(numbers) == len(set(numbers)) == 7
    assert portail.base.sql("SELECT count(*) FROM demarches_export_objet WHERE genre = 'morceau'") == [(0,)]


async def test_it_can_be_stopped_and_leaves_nothing(portail: Portail, cast: Cast) -> None:
    await acteurs.dossier_depose(portail)
    nav = await agent(portail, cast)
    page = await ask(nav, cast, format="csv")
    stopped = await page.envoyer(action="/annuler")
    assert "a été arrêté" in stopped.texte
    await run_jobs(portail)
    assert portail.base.sql("SELECT etat FROM demarches_export") == [("annule",)]
    assert (await nav.get(f"{page.chemin}/fichiers/0")).statut == 404


async def test_files_are_gone_after_a_week(portail: Portail, cast: Cast) -> None:
    await acteurs.dossier_depose(portail)
    nav = await agent(portail, cast)
    page = await ask(nav, cast, format="csv")
    await run_jobs(portail)
    ((objet,),) = portail.base.sql("SELECT objet_id FROM demarches_export_objet")
    portail.avancer(days=8)
    await run_now(portail.noyau, "demarches:oublier_exports")
    await run_jobs(portail)
    await portail.ouvrir_session("agents", agent=cast.agents["maelle"], navigateur=nav)
    assert "ont été effacés" in (await nav.get(page.chemin)).texte
    assert UUID(str(objet)) not in [key async for key in portail.noyau.objets.store.keys()]  # noqa: SIM118


async def test_wrong_demands_are_told_beside_their_field(portail: Portail, cast: Cast) -> None:
    await acteurs.dossier_depose(portail)
    nav = await agent(portail, cast)
    page = await ask(nav, cast, demarche="", **{"du-jour": "31", "du-mois": "2", "du-annee": "2026"})
    assert page.statut == 422
    assert "Choisissez la démarche." in page.texte
    assert "un jour qui existe" in page.texte
    assert dict(page.champs("/exports"))["du-jour"] == "31"


async def test_too_many_at_once_are_refused_with_a_way_out(portail: Portail, cast: Cast) -> None:
    await acteurs.dossier_depose(portail)
    nav = await agent(portail, cast)
    for _ in range(3):
        await ask(nav, cast, format="csv")
    page = await ask(nav, cast, format="csv")
    assert "déjà 3 exports" in page.texte


async def test_the_list_takes_as_many_statements_for_many(portail: Portail, cast: Cast) -> None:
    nav = await agent(portail, cast)
    with count_statements() as few:
        await nav.get("/exports")
    for _ in range(3):
        await ask(nav, cast, format="csv")
    with count_statements() as many:
        await nav.get("/exports")
    assert len(many) == len(few) <= 3
