"""Every route of every host, asked for somebody else's objects: « not found » or the sign-in page, and nothing written.

A new route must be written below: among those that concern no object of anybody, or with the object it concerns.
"""

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from app.socle.ids import new_token, uuid7
from tests.cloisonnement.monde import Monde
from tests.outillage.navigateur import Navigateur
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio

# Routes that name no object of a person: same for all, or about whoever asks (their own list, their own sign-in).
_PARTOUT = """GET /sante | GET /accessibilite | GET /mentions-legales | GET /donnees-personnelles | GET /aide
    | GET /plan-du-site | GET /robots.txt | GET /.well-known/security.txt | GET /favicon.ico | GET /langue/{code}"""
_SUGGESTIONS = """GET /suggestions/communes | GET /suggestions/adresses | GET /suggestions/carte
    | GET /suggestions/referentiels/{nom}"""
_SOI = """GET /connexion | GET /connexion/fenetre | GET /connexion/retour | GET /deconnexion | POST /deconnexion
    | GET /sessions"""
# Rendez-vous are reached by the secret of their link, in the query: `tests/rendezvous` tries forged ones.
_RENDEZVOUS = """GET /rendez-vous | GET /rendez-vous/retenue | POST /rendez-vous/retenue/confirmer
    | POST /rendez-vous/retenue/prolonger | GET /rendez-vous/retenue/code | POST /rendez-vous/retenue/code
    | POST /rendez-vous/retenue/renvoyer | GET /rendez-vous/suivi | GET /rendez-vous/suivi/annuler
    | POST /rendez-vous/suivi/annuler | POST /rendez-vous/suivi/numeros | POST /rendez-vous/suivi/arrivee
    | GET /rendez-vous/suivi/calendrier.ics
    | GET /rendez-vous/suivi/code.svg | GET /rendez-vous/motifs/{slug} | GET /rendez-vous/motifs/{slug}/creneaux
    | POST /rendez-vous/motifs/{slug}/creneaux"""
SANS_OBJET = {
    "collectivite": f"""{_PARTOUT} | {_SOI} | {_SUGGESTIONS} | GET /
        | GET /theme/{{empreinte}}.css | GET /blason/{{empreinte}}
        | GET /connexion/franceconnect | POST /connexion/courriel | GET /passage/accorder | GET /demarches
        | GET /demarches/{{slug}} | GET /demarches/{{slug}}/remplir | GET /suivi | POST /suivi
        | GET /borne | POST /borne | POST /borne/fin | {_RENDEZVOUS}""",
    "mon": f"""{_PARTOUT} | {_SOI} | GET / | GET /dossiers | GET /rendez-vous
        | GET /connexion/franceconnect | POST /connexion/courriel | POST /connexion/rattacher | GET /passage""",
    "agents": f"""{_PARTOUT} | {_SOI} | {_SUGGESTIONS} | GET / | GET /dossiers
        | GET /connexion/proconnect | GET /saisir | POST /saisir | GET /dossiers/flux
        | GET /lots | GET /lots/nouveau | POST /lots | GET /reglages | GET /referentiels | POST /referentiels
        | GET /affichage | POST /affichage/{{code}} | GET /exports | POST /exports
        | GET /statistiques | GET /conservation | GET /collectivite | GET /demarches""",
    "opsn": f"{_PARTOUT} | {_SOI} | GET /connexion/proconnect",
    "connexion": f"""{_PARTOUT} | GET /franceconnect/retour | GET /proconnect/retour
        | GET /proconnect/deconnexion/retour | GET /franceconnect/deconnexion/retour""",
    "base": f"{_PARTOUT} | GET / | GET /metrics",
}
# Routes of an object, with the object of Rozenn's (or of her commune) that stands in the address.
_BROUILLON = """GET /dossiers/{brouillon}/recapitulatif | GET /dossiers/{brouillon}/etapes/document
    | GET /dossiers/{brouillon}/enregistre | POST /dossiers/{brouillon}/deposer | POST /dossiers/{brouillon}/champs
    | POST /dossiers/{brouillon}/etapes/document | POST /dossiers/{brouillon}/supprimer
    | GET /dossiers/{brouillon}/pour-qui | POST /dossiers/{brouillon}/pour-qui | GET /dossiers/{brouillon}/reprendre
    | GET /dossiers/{brouillon}/pour-qui/mandat | POST /dossiers/{brouillon}/pour-qui/mandat"""
_DOSSIER = """GET /dossiers/{dossier} | GET /dossiers/{dossier}/depose | POST /dossiers/{dossier}/messages
    | POST /dossiers/{dossier}/pieces | GET /pieces/{piece} | GET /pieces/{piece}/vignette | GET /documents/{document}
    | POST /dossiers/{dossier}/attestation | POST /sessions/{session}/fermer
    | GET /dossiers/{dossier}/imprimer | GET /dossiers/{dossier}/retirer | POST /dossiers/{dossier}/retirer"""
_AVIS = """GET /avis/{avis} | POST /avis/{avis}/code | POST /avis/{avis} | GET /avis/{avis}/pieces/{piece}"""
# What an agent does on the instruction of one dossier.
_INSTRUCTION = """POST /dossiers/{dossier}/examen | POST /dossiers/{dossier}/refusees | POST /dossiers/{dossier}/etape
    | POST /dossiers/{dossier}/attentes/{attente} | POST /dossiers/{dossier}/appels/{appel}
    | POST /dossiers/{dossier}/partage
    | POST /dossiers/{dossier}/avis
    | POST /dossiers/{dossier}/avis/{avis}/rendre | POST /dossiers/{dossier}/avis/{avis}/relancer
    | POST /dossiers/{dossier}/avis/{avis}/revoquer | GET /dossiers/{dossier}/avis/{avis}/fichier
    | POST /dossiers/{dossier}/attestation | GET /dossiers/{dossier}/transmettre
    | POST /dossiers/{dossier}/transmettre"""
_CODE = "GET /connexion/code/{code} | POST /connexion/code/{code}/renvoyer | POST /connexion/code/{code}"
_SAISIE = """GET /saisir/dossiers/{saisie}/reprendre | GET /saisir/dossiers/{saisie}/abandonner
    | POST /saisir/dossiers/{saisie}/abandonner | GET /saisir/dossiers/{saisie}/depose
    | GET /saisir/dossiers/{saisie}/accuse | GET /saisir/dossiers/{saisie}/recapitulatif
    | POST /saisir/dossiers/{saisie}/deposer | GET /saisir/dossiers/{saisie}/etapes/document
    | GET /saisir/dossiers/{saisie}/enregistre | POST /saisir/dossiers/{saisie}/champs
    | POST /saisir/dossiers/{saisie}/etapes/document
    | GET /saisir/dossiers/{saisie}/pour-qui | POST /saisir/dossiers/{saisie}/pour-qui
    | GET /saisir/dossiers/{saisie}/pour-qui/mandat | POST /saisir/dossiers/{saisie}/pour-qui/mandat"""
# The console is the administrators' of the OPSN, whatever the address.
_CONSOLE = """GET / | GET /collectivites/prendre-en-charge | POST /collectivites/prendre-en-charge
    | POST /collectivites/prendre-en-charge/fichier
    | POST /collectivites/prendre-en-charge/epci | GET /collectivites/prendre-en-charge/fichier/{session}
    | POST /collectivites/prendre-en-charge/fichier/{session} | GET /collectivites/guingamp
    | POST /collectivites/guingamp/etat | GET /collectivites/guingamp/coordonnees
    | POST /collectivites/guingamp/coordonnees | GET /collectivites/guingamp/apercu.css
    | GET /collectivites/guingamp/theme | POST /collectivites/guingamp/theme
    | POST /collectivites/guingamp/apercu | POST /collectivites/guingamp/logo
    | GET /collectivites/guingamp/blason/{empreinte} | GET /collectivites/guingamp/demarches
    | POST /collectivites/guingamp/demarches | GET /collectivites/guingamp/agents
    | POST /collectivites/guingamp/agents | POST /collectivites/guingamp/agents/{agent}/retirer
    | GET /collectivites/guingamp/franceconnect | POST /collectivites/guingamp/franceconnect | GET /travaux
    | POST /travaux/1/relancer | GET /bandeau | POST /bandeau"""
# A work in progress, an overlay: of Guingamp on the desk, of everybody's démarches on the console.
_CHANTIER = """GET {c} | POST {c}/gestes | GET {c}/parties/legal | POST {c}/parties/legal | GET {c}/pages/document
    | POST {c}/pages/document | GET {c}/champs/nom | POST {c}/champs/nom | GET {c}/regles/prix
    | POST {c}/regles/prix | GET {c}/apercu | POST {c}/apercu
    | GET {c}/fichier.yaml | GET {c}/abandonner | POST {c}/abandonner | GET {c}/publication
    | POST {c}/publication | GET {c}/essais | POST {c}/essais | POST {c}/essais/{dossier}""".replace(
    "{c}", "/demarches/chantiers/{chantier}"
)
_ADOPTION = """GET {a} | POST {a} | GET {a}/version | POST {a}/version""".replace(
    "{a}", "/demarches/adoptions/{collectivite}/acte-naissance"
)
_VERSIONS = """GET /demarches/versions/local-plage?collectivite={collectivite}
    | GET /demarches/versions/local-plage/dossiers?collectivite={collectivite}
    | GET /demarches/versions/local-plage/1.yaml?collectivite={collectivite}"""
_EDITION = f"""{_CHANTIER} | {_ADOPTION} | {_VERSIONS} | POST /demarches/chantiers | POST /demarches/adoptions
    | POST /demarches/importer/fichier"""
_ACCES = """GET /dossiers/{brouillon}/code | POST /dossiers/{brouillon}/code | GET /dossiers/{brouillon}/acces
    | POST /dossiers/{brouillon}/acces | POST /dossiers/{dossier}/refaire
    | POST /dossiers/{brouillon}/acces/{session}/retirer"""
OBJETS = {
    "collectivite": f"""{_BROUILLON} | {_DOSSIER} | {_CODE} | {_ACCES} | {_AVIS}
        | GET /satisfaction/{{dossier}}/{{code}}
        | POST /satisfaction/{{dossier}}/{{code}}""",
    "mon": f"{_DOSSIER} | {_CODE}",
    "agents": f"""GET /dossiers/{{dossier}} | POST /dossiers/{{dossier}}/prise | POST /dossiers/{{dossier}}/messages
        | POST /dossiers/{{dossier}}/notes | POST /dossiers/{{dossier}}/complements
        | POST /dossiers/{{dossier}}/decision | GET /dossiers/{{dossier}}/reprendre | POST /dossiers/{{dossier}}/pieces
        | GET /dossiers/{{dossier}}/imprimer | GET /pieces/{{piece}} | GET /pieces/{{piece}}/vignette
        | GET /documents/{{document}}
        | POST /sessions/{{session}}/fermer | GET /exports/{{export}} | POST /exports/{{export}}/annuler
        | GET /exports/{{export}}/fichiers/0 | {_SAISIE} | GET /lots/{{lot}} | GET /reglages/{{collectivite}}
        | GET /referentiels/{{collectivite}}/ecoles
        | GET /reglages/{{collectivite}}/places | GET /reglages/{{collectivite}}/places/acte-naissance
        | POST /reglages/{{collectivite}}/places/acte-naissance
        | GET /reglages/{{collectivite}}/exterieur | POST /reglages/{{collectivite}}/exterieur
        | POST /reglages/{{collectivite}}/etiquettes | POST /conservation/{{collectivite}}/eliminations
        | GET /collectivite/guingamp | POST /collectivite/guingamp
        | GET /collectivite/guingamp/agents | POST /collectivite/guingamp/agents
        | POST /collectivite/guingamp/agents/{{agent}}/retirer | GET /collectivite/guingamp/bornes
        | POST /collectivite/guingamp/bornes | POST /collectivite/guingamp/bornes/{{collectivite}}/retirer
        | {_INSTRUCTION}
        | {_EDITION}""",
    "opsn": f"{_CONSOLE} | {_EDITION} | GET /demarches | POST /sessions/{{session}}/fermer",
}
# What a form of ours may hold: everything a page sends, so that a refusal is for whose the object is.
FORMULAIRE = {
    "message": "Bonjour", "note": "Bonjour", "piece": "justificatif_lien", "raison": "Illisible", "sens": "refuse",
    "motif": "Parce que", "avant_le-jour": "20", "avant_le-mois": "12", "avant_le-annee": "2026",
    "declaration": "oui", "action": "prendre", "type_acte": "copie_integrale", "champ": "nombre", "nombre": "2",
    "code": "000000", "nom": "Malo", "genre": "transfert", "vers": "recherche", "organisme": "Préfecture",
    "adresse": "Place", "avis_question": "Alors ?", "avis_nom": "Voirie", "avis_courriel": "",
    "avis_avant_le-jour": "20", "avis_avant_le-mois": "12", "avis_avant_le-annee": "2026",
    "refusees_avant_le-jour": "20", "refusees_avant_le-mois": "12", "refusees_avant_le-annee": "2026",
    "favorable": "oui", "texte": "Vu.",
}  # fmt: skip


def split(text: str) -> set[str]:
    return {" ".join(part.split()) for part in text.split("|")}


def normalised(route: str) -> str:
    """The route without the names of its parameters; a page of a form is one of many."""
    for written, parameter in (
        ("etapes/document", "etapes/{}"),
        ("pour-qui/mandat", "pour-qui/{}"),
        ("tes/guingamp", "tes/{}"),
        ("te/guingamp", "te/{}"),
        ("travaux/1", "travaux/{}"),
        ("parties/legal", "parties/{}"),
        ("pages/document", "pages/{}"),
        ("champs/nom", "champs/{}"),
        ("regles/prix", "regles/{}"),
        ("}/acte-naissance", "}/{}"),
        ("places/acte-naissance", "places/{}"),
        ("versions/local-plage", "versions/{}"),
        ("/1.yaml", "/{}.yaml"),
        ("?collectivite={collectivite}", ""),
        ("}/etiquettes", "}/{}"),
        ("fichiers/0", "fichiers/{}"),
        ("/ecoles", "/{}"),
    ):
        route = route.replace(written, parameter)
    return re.sub(r"\{[^}]+\}", "{}", route)


def routes_of(portail: Portail, genre: str) -> Iterator[str]:
    application = portail.app.applications[genre]
    for context in iter_route_contexts(application.routes):  # type: ignore[attr-defined]
        if isinstance(context.route, Mount):
            raise AssertionError("a mounted application escapes this walk")
        for method in sorted(context.methods or ()):
            if method != "HEAD":
                yield f"{method} {context.path}"


async def test_every_route_is_written_here(portail: Portail) -> None:
    total = 0
    for genre in portail.app.applications:
        found = [normalised(route) for route in routes_of(portail, genre)]
        written = {normalised(r) for r in split(SANS_OBJET[genre]) | split(OBJETS.get(genre, ""))} - {""}
        assert set(found) == written, f"{genre}: {set(found) ^ written}"
        total += len(found)
    assert total >= 180


def test_what_concerns_no_object_has_no_identifier() -> None:
    for routes in SANS_OBJET.values():
        named = set(re.findall(r"\{(\w+)\}", routes))
        assert named <= {"empreinte", "code", "slug", "nom"}


async def rozenns_objects(portail: Portail, monde: Monde, label: str) -> dict[str, object]:
    """The ids that stand in the addresses; the session and the e-mail code are Rozenn's too."""
    await portail.ouvrir_session("guingamp", usager=monde.rozenn.paire)
    ((session_id,),) = portail.base.sql(
        "SELECT id FROM socle_session WHERE usager_id = %s ORDER BY id DESC LIMIT 1", monde.rozenn.usager_id
    )
    code = uuid7()
    now = portail.clock.now()
    portail.base.sql(
        "INSERT INTO socle_connexion (id, genre, hote, suite, temoin, courriel, cree_le, expire_le)"
        " VALUES (%s, 'courriel', %s, '/', %s, 'rozenn@courriel.example', %s, %s + interval '10 min')",
        code, portail.hote(label), b"autre", now, now,
    )  # fmt: skip
    return {
        "dossier": monde.victime.id, "brouillon": monde.brouillon.id, "piece": monde.victime.piece_id,
        "document": monde.victime.document_id, "session": session_id, "code": code, "saisie": monde.saisie,
        "avis": monde.avis, "attente": monde.avis, "appel": monde.victime.id,
        "agent": monde.cast.agents["maelle"], "empreinte": "0" * 32, "collectivite": monde.guingamp,
        "lot": monde.cast.agents["maelle"], "export": monde.export,
        "chantier": monde.guingamp,
    }  # fmt: skip


async def ask(portail: Portail, nav: Navigateur, route: str, objects: dict[str, object]) -> str:
    """What comes back, in a word: `absent`, `connexion` (the sign-in page), or what was wrongly given."""
    method, path = route.format(**objects).split(" ", 1)
    token = nav.cookie("kumun-temoin") or ""
    fields = {
        **FORMULAIRE,
        "cle_idempotence": new_token(),
        "jeton_csrf": portail.noyau.sceau.sign("csrf", token),
    }
    if method == "GET":
        page = await nav.get(path, suivre=False)
    elif path.endswith(("/pieces", "/fichier", "/logo")) or "/etapes/" in path or path.startswith("/avis/"):
        parts = [(name, (None, value)) for name, value in fields.items()]
        page = await nav.post(path, files=parts, suivre=False)
    else:
        page = await nav.post(path, fields, suivre=False)
    if page.statut == 404:
        return "absent"
    if page.statut == 403 and "réservée aux administrateurs" in page.texte:
        return "console"
    location = page.answer.headers.get("location", "")
    if page.statut == 401 or (page.statut == 303 and location.startswith("/connexion?suite=")):
        return "connexion"
    return f"{page.statut} {location}"


async def stranger(portail: Portail, monde: Monde, who: str) -> Navigateur:
    """The browser of somebody who has nothing to do with Rozenn's things."""
    label, _, person = who.partition(" ")
    nav = portail.navigateur(label, verifier=False)
    nav.set_cookie("kumun-temoin", new_token())
    if person == "anonyme":
        return nav
    if label in ("agents", "opsn"):
        await portail.ouvrir_session(label, agent=monde.cast.agents["katell"], navigateur=nav)
        return nav
    account = monde.yann_rennes if person == "d'ailleurs" else monde.yann
    await portail.ouvrir_session(label, usager=account.paire, navigateur=nav)
    return nav


@pytest.mark.parametrize(
    "who",
    [
        "guingamp anonyme", "guingamp voisin", "guingamp d'ailleurs", "rennes anonyme", "rennes d'ailleurs",
        "mon anonyme", "mon voisin", "mon d'ailleurs", "agents anonyme", "agents d'ailleurs",
        "opsn anonyme", "opsn agent",
    ],
)  # fmt: skip
async def test_a_stranger_finds_nothing_and_writes_nothing(portail: Portail, monde: Monde, who: str) -> None:
    objects = await rozenns_objects(portail, monde, who.split()[0])
    nav = await stranger(portail, monde, who)
    genre = who.split()[0] if who.split()[0] in portail.app.applications else "collectivite"
    before, faults = portail.base.state(), []
    for route in sorted(split(OBJETS[genre])):
        answer = await ask(portail, nav, route, objects)
        expected = {"absent", "connexion"} if "anonyme" in who else {"absent", "console"}
        if " /avis/" in route:
            # Whoever has no code is asked for it, signed in or not.
            expected = expected | {"connexion"}
        if answer not in expected:
            faults.append(f"{route}: {answer}")
        after = portail.base.state()
        # A try may be counted against whoever tries.
        changed = {table for table in after if after[table] != before[table]} - {"socle_limite"}
        if changed:
            faults.append(f"{route}: wrote {changed}")
            before = after
    assert faults == []


@pytest.mark.parametrize("label", ["guingamp", "mon", "agents"])
async def test_the_owner_and_the_agent_do_find_them(portail: Portail, monde: Monde, label: str) -> None:
    """The addresses asked above are true ones: who may read them reads them."""
    objects = await rozenns_objects(portail, monde, label)
    nav = portail.navigateur(label)
    if label == "agents":
        await portail.ouvrir_session(label, agent=monde.cast.agents["maelle"], navigateur=nav)
    else:
        await portail.ouvrir_session(label, usager=monde.rozenn.paire, navigateur=nav)
    genre = label if label in portail.app.applications else "collectivite"
    # An e-mail code is another browser's; a draft has no receipt yet.
    later = ("{code}", "{saisie}/depose", "{saisie}/accuse", "/avis/{avis}")
    asked = [r for r in split(OBJETS[genre]) if r.startswith("GET") and not any(one in r for one in later)]
    for route in asked:
        page = await nav.get(route.format(**objects).split(" ", 1)[1], suivre=False)
        assert page.statut in (200, 303), route
        assert not page.answer.headers.get("location", "").startswith("/connexion"), route
    assert len(asked) >= 3
