"""Lists of reference: a file is taken whole or refused row by row; only rows that are offered are answers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.demarches.domain.listes import LIGNES_MAX, ListeRefuseeError, lire_liste
from app.demarches.models import Dossier
from app.demarches.types import ContexteDeSaisie
from app.socle.ids import uuid7
from tests.cast import Cast
from tests.demarches.champs_essai import CHAMPS, JOUR, NB, brut_de
from tests.outillage.navigateur import Page
from tests.outillage.portail import Portail
from tests.toutes_questions import SLUG, ouvrir

ECOLES = "code;nom;rue\n0221;École Jacques-Prévert;rue de la Trinité\n0222;École du Château;=HYPERLINK(1)\n"


@pytest.mark.parametrize(
    "data",
    [
        ECOLES.encode(),
        b"\xef\xbb\xbf" + ECOLES.replace(";", ",").encode(),
        ECOLES.replace(";", "\t").replace("\n", "\r\n\r\n").encode("cp1252"),
    ],
)
def test_a_list_is_read_as_offices_write_it(data: bytes) -> None:
    liste = lire_liste(data)
    assert liste.colonnes == ("code", "nom", "rue")
    assert liste.lignes[0] == ("0221", "École Jacques-Prévert", "rue de la Trinité")


REFUSES: list[tuple[bytes, list[tuple[int, str]]]] = [
    (b"", [(0, "Ce fichier est vide.")]),
    (b"a\0b", [(0, "Ce fichier n’est pas du texte : enregistrez votre tableau au format CSV.")]),
    (b"x" * 2_000_001, [(0, "Ce fichier est trop lourd : 2 Mo au plus.")]),
    (b"code;nom", [(0, "Il n’y a que des titres : ajoutez au moins une ligne.")]),
    (b"code;code\n1;a", [(1, "Deux colonnes ont le même titre.")]),
    (b"code;\n1;a", [(1, "Chaque colonne a un titre, de 60 caractères au plus.")]),
    (
        b"code;nom\n1;a\n;b\n1;c\n2\n3;\n",
        [
            (3, "La première case est la clé : 100 caractères au plus, jamais vide."),
            (4, "La clé « 1 » est déjà à la ligne 2."),
            (5, "1 cases au lieu de 2."),
            (6, "La deuxième case est ce que l’on choisit : elle est vide."),
        ],
    ),
    (b'code;nom\n1;"a\n', [(2, "Un guillemet n’est pas refermé, ou est mal placé.")]),
    (
        ("c\n" + "\n".join(map(str, range(LIGNES_MAX + 1)))).encode(),
        [(0, "Il y a trop de lignes : 10000 au plus.")],
    ),
]


@pytest.mark.parametrize(("data", "fautes"), REFUSES)
def test_each_broken_row_is_named_with_its_reason(data: bytes, fautes: list[tuple[int, str]]) -> None:
    with pytest.raises(ListeRefuseeError) as refused:
        lire_liste(data)
    assert [(one.ligne, one.phrase) for one in refused.value.fautes] == fautes


@given(st.binary(max_size=200))
def test_no_file_breaks_the_reading(data: bytes) -> None:
    try:
        liste = lire_liste(data)
    except ListeRefuseeError:
        return
    assert all(len(row) == len(liste.colonnes) for row in liste.lignes)


def ligne(cle: str, libelle: str) -> dict[str, Any]:
    return {"cle": cle, "libelle": libelle, "colonnes": {"rue": "=1+1"}, "version": "v1"}


LIGNES = {("ecoles", k): ligne(k, n) for k, n in (("1", "École A"), ("2", "Château"), ("3", "Château"))}


@pytest.mark.parametrize(
    ("typed", "cle", "erreur"),
    [
        ({"x": "ecole a"}, "1", None),
        ({"x": "1"}, "1", None),
        ({"x": "Château", "x-code": "3"}, "3", None),
        ({"x": "", "x-code": "2"}, "2", None),
        ({"x": "Château"}, None, f"Plusieurs lignes portent ce nom{NB}: choisissez ceci ci-dessous."),
        ({"x": "École A", "x-code": "9"}, "1", None),
        (
            {"x": "Ailleurs", "x-code": "1"},
            None,
            f"Choisissez ceci dans la liste{NB}: ce que vous avez écrit n’y est pas.",
        ),
        ({}, None, None),
    ],
)
def test_only_a_row_that_is_offered_is_an_answer(
    typed: dict[str, str], cle: str | None, erreur: str | None
) -> None:
    field = CHAMPS["referentiel"]
    read = field.genre.lire(field, brut_de(typed), ContexteDeSaisie(JOUR, lignes=LIGNES))
    assert (read.valeur and read.valeur["cle"], read.erreur) == (cle, erreur)
    if read.valeur:
        # It stays an answer when the list has lost the row.
        inputs = field.genre.ecrire(field, read.valeur)
        again = field.genre.lire(field, inputs, ContexteDeSaisie(JOUR, acquis={"x": read.valeur}))
        assert again.valeur == read.valeur
        assert field.genre.afficher(field, read.valeur).endswith(f"rue{NB}: =1+1")
        assert field.genre.cellules(field, read.valeur)[1:] == (cle, "rue : =1+1")


async def _publish(portail: Portail, cast: Cast, nom: str, texte: str) -> Page:
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents["maelle"], navigateur=nav)
    page = await nav.get("/referentiels")
    choice = {"collectivite": str(cast.communes["guingamp"]), "nom": nom}
    file = (f"{nom}.csv", texte.encode(), "text/csv")
    return await page.envoyer(choice, action="/referentiels", fichiers={"fichier": file})


@pytest.mark.anyio
async def test_a_list_is_published_offered_chosen_and_pinned(portail: Portail, cast: Cast) -> None:
    refused = await _publish(portail, cast, "Écoles", ECOLES + "0221;Encore;x\n")
    assert refused.statut == 422
    assert "Ligne 4 : La clé « 0221 » est déjà à la ligne 2." in refused.texte.replace("\u00a0", " ")
    assert portail.base.sql("SELECT count(*) FROM demarches_referentiel") == [(0,)]
    done = await _publish(portail, cast, "ecoles", ECOLES)
    assert "Liste publiée." in done.texte
    rues = "code;nom\n" + "\n".join(f"{n};Rue n° {n}" for n in range(300)) + "\nz;Rue du Four\n"
    done = await _publish(portail, cast, "rues", rues)
    assert "=HYPERLINK(1)" in (await done.navigateur.get(done.liens("ecoles")[0])).texte

    await ouvrir(portail.noyau)
    nav = portail.navigateur("guingamp")
    found = (await nav.get("/suggestions/referentiels/rues?q=DU+FOUR")).answer.json()
    assert found == [{"libelle": "Rue du Four", "code": "z"}]
    elsewhere = await portail.navigateur("rennes").get("/suggestions/referentiels/rues?q=four")
    assert elsewhere.answer.json() == []
    page = await nav.get(f"/demarches/{SLUG}/remplir")
    page = await page.envoyer({"q_texte": "Concert", "action": "continuer"}, action="etapes/simples")
    refused = await page.envoyer({"q_referentiel": "Rue n", "action": "continuer"}, action="etapes/personnes")
    assert refused.statut == 422
    assert "Choisissez la rue dans la liste" in refused.texte
    # Without script, the rows like what was typed are there to choose from.
    page = await refused.envoyer(
        {"q_referentiel": "Rue n° 7", "q_referentiel-code": "7", "action": "continuer"},
        action="etapes/personnes",
    )
    assert page.chemin.endswith("/composees"), page.texte[:600]
    # A short list is a plain list.
    assert page.arbre.xpath("//select[@name='q_bloc-r1-ecole']/option/@value") == ["", "0221", "0222"]
    # The list changes meanwhile: what was chosen stays, what is chosen now is of the new one.
    await _publish(portail, cast, "rues", "code;nom\nz;Rue du Four\n")
    page = await page.envoyer(
        {"q_bloc-r1-prenom": "Léa", "q_bloc-r1-ecole": "0222", "action": "continuer"},
        action="etapes/composees",
    )
    assert "Rue n° 7" in page.texte
    await page.envoyer({"declaration": "oui"}, action="/deposer")
    async with portail.noyau.db.hors_cloison("essai") as session:
        (answers,) = (await session.scalars(select(Dossier.reponses).where(Dossier.slug == SLUG))).all()
    assert answers is not None
    assert answers["q_referentiel"]["cle"] == "7"
    assert answers["q_bloc"][0]["ecole"]["colonnes"] == {"rue": "=HYPERLINK(1)"}
    versions = portail.base.sql("SELECT id::text, nom, version FROM demarches_referentiel ORDER BY publie_le")
    assert {v[0]: v[1:] for v in versions}[answers["q_referentiel"]["version"]] == ("rues", 1)


@pytest.mark.anyio
async def test_a_list_of_a_collectivite_is_published_by_its_own_agents(portail: Portail, cast: Cast) -> None:
    nav = portail.navigateur("agents", verifier=False)
    await portail.ouvrir_session("agents", agent=cast.agents["maelle"], navigateur=nav)
    page = await nav.get("/referentiels")
    sent = [(n, (None, v)) for n, v in page.champs("/referentiels") if n != "collectivite"]
    for place, status in ((cast.communes["rennes"], 404), (uuid7(), 404), ("x", 422)):
        parts = [
            *sent,
            ("collectivite", (None, str(place))),
            ("fichier", ("a.csv", ECOLES.encode(), "text/csv")),
        ]
        assert (await nav.post("/referentiels", files=parts)).statut == status
    assert portail.base.sql("SELECT count(*) FROM demarches_referentiel") == [(0,)]
