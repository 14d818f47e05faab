"""Legal dates on the desk: what silence will mean and when, in each collectivité's own day; steps, sharing, batches."""

from datetime import UTC, date, datetime

import pytest

from app.demarches.service import instruction
from tests import cast as acteurs
from tests.cast import Cast
from tests.demarches.test_bureau import STATEMENTS, desk, rows
from tests.outillage.comptage import count_statements
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio


def set_silence(portail: Portail, day: date, sens: str | None = "acceptation") -> None:
    portail.base.sql("UPDATE demarches_dossier SET silence_le = %s, silence_sens = %s", day, sens)


@pytest.mark.parametrize(
    ("day", "sens", "told"),
    [
        (date(2026, 11, 28), "acceptation", "Accord tacite dans 5 jours"),
        (date(2026, 11, 24), "refus", "Refus tacite dans 1 jour"),
        (date(2026, 11, 23), "acceptation", "Accord tacite aujourd’hui"),
        (date(2026, 11, 20), "refus", "Refus tacite né"),
        (date(2026, 11, 28), None, "5 jours"),
    ],
)
async def test_a_row_says_what_silence_will_mean(
    portail: Portail, cast: Cast, day: date, sens: str | None, told: str
) -> None:
    await acteurs.dossier_depose(portail)
    set_silence(portail, day, sens)
    (row,) = rows(await (await desk(portail, cast)).get("/"))
    assert told in row


async def test_what_silence_means_is_kept_when_a_dossier_is_submitted(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    found = await acteurs.relire(portail, dossier.id)
    assert (found.silence_le is None) == (found.silence_sens is None)
    assert found.silence_sens in ("refus", "acceptation", None)


async def test_dates_to_come_are_a_view_and_a_filter(portail: Portail, cast: Cast) -> None:
    await acteurs.dossier_depose(portail)
    nav = await desk(portail, cast)
    set_silence(portail, date(2026, 12, 8))
    with count_statements() as sent:
        page = await nav.get("/")
    assert len(sent) <= STATEMENTS
    assert "1 échéances à 15 jours" in page.texte
    assert len(rows(await nav.get("/?retard=15"))) == 1
    assert rows(await nav.get("/?retard=7")) == []
    set_silence(portail, date(2026, 12, 9))
    assert rows(await nav.get("/?retard=15")) == []
    assert "échéances à 15 jours" not in (await nav.get("/")).texte


async def test_each_collectivite_counts_its_own_day(portail: Portail, cast: Cast) -> None:
    """At 21:00 UTC it is Monday in Brittany and Tuesday in Réunion: what ended on Monday is late there alone."""
    await acteurs.dossier_depose(portail, commune="guingamp")
    set_silence(portail, date(2026, 11, 23), "refus")
    portail.clock.instant = datetime(2026, 11, 23, 21, tzinfo=UTC)
    nav = await desk(portail, cast)
    assert "aujourd’hui" in rows(await nav.get("/"))[0]
    assert rows(await nav.get("/?retard=oui")) == []
    portail.base.sql("UPDATE socle_collectivite SET fuseau = 'Indian/Reunion' WHERE slug = 'guingamp'")
    page = await nav.get("/")
    assert "Refus tacite né" in rows(page)[0]
    assert "1 délai dépassé" in page.texte
    assert len(rows(await nav.get("/?retard=oui"))) == 1


async def test_of_several_days_each_is_filtered_by_its_own(portail: Portail, cast: Cast) -> None:
    await acteurs.dossier_depose(portail, commune="guingamp")
    await acteurs.dossier_depose(portail, personne="yann", commune="ouessant")
    set_silence(portail, date(2026, 11, 23), "refus")
    portail.clock.instant = datetime(2026, 11, 23, 21, tzinfo=UTC)
    portail.base.sql("UPDATE socle_collectivite SET fuseau = 'Indian/Reunion' WHERE slug = 'ouessant'")
    portail.base.sql(
        "INSERT INTO socle_habilitation SELECT (jsonb_populate_record(h, jsonb_build_object('id', gen_random_uuid(),"
        " 'collectivite_id', %s::text))).* FROM socle_habilitation h WHERE agent_id = %s LIMIT 1",
        cast.communes["ouessant"],
        cast.agents["maelle"],
    )
    nav = await desk(portail, cast)
    (late,) = rows(await nav.get("/?retard=oui"))
    assert "Ouessant" in late


async def test_dates_in_macros_are_in_the_zone_of_the_dossier(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    portail.base.sql("UPDATE socle_collectivite SET fuseau = 'Indian/Reunion' WHERE slug = 'guingamp'")
    portail.clock.instant = datetime(2026, 11, 23, 22, tzinfo=UTC)
    session = await portail.ouvrir_session("agents", agent=cast.agents["maelle"])
    async with portail.contexte("agents", session=session) as ctx:
        await instruction.claim(ctx, dossier.id)
        await instruction.write_message(ctx, dossier.id, "Bonjour.", interne=False)
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "24 novembre 2026" in page.texte.replace("\xa0", " ")


async def test_a_date_to_come_is_one_of_the_collectivite(portail: Portail, cast: Cast) -> None:
    """A piece is asked before a day that is still to come where the mairie is, not where the server is."""
    dossier = await acteurs.dossier_depose(portail)
    portail.base.sql("UPDATE socle_collectivite SET fuseau = 'Indian/Reunion' WHERE slug = 'guingamp'")
    portail.clock.instant = datetime(2026, 11, 23, 21, tzinfo=UTC)
    nav = await desk(portail, cast)
    page = await nav.get(f"/dossiers/{dossier.id}")
    page = await page.envoyer({"action": "prendre"}, action="/prise")
    told = await page.envoyer(
        {"piece": "justificatif_lien", "raison": "Illisible", "avant_le-jour": "24", "avant_le-mois": "11",
         "avant_le-annee": "2026"}, action="/complements",
    )  # fmt: skip
    assert told.statut == 422
    assert "Indiquez une date à venir" in told.texte


async def test_a_dossier_is_given_and_labelled_from_its_page(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    place = cast.communes["guingamp"]
    portail.base.sql(
        "INSERT INTO demarches_etiquette (collectivite_id, id, nom, ton) VALUES (%s, %s, 'Urgent', 'refus')",
        place,
        place,
    )
    nav = await desk(portail, cast)
    page = await nav.get(f"/dossiers/{dossier.id}")
    page = await page.envoyer(
        {"agent": str(cast.agents["maelle"]), "etiquette": str(place)}, action="/partage"
    )
    found = await acteurs.relire(portail, dossier.id)
    assert found.agent_id == cast.agents["maelle"]
    assert found.etiquettes == [place]
    page = await page.envoyer({"retirer": str(place)}, action="/partage")
    assert (await acteurs.relire(portail, dossier.id)).etiquettes == []
    empty = await (await nav.get(f"/dossiers/{dossier.id}")).envoyer({}, action="/partage")
    assert "Choisissez un collègue" in empty.texte


async def test_steps_are_a_filter(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    with_parcours = """UPDATE demarches_version SET contenu = jsonb_set(contenu, '{parcours}', '{"etapes": [
      {"id": "debut", "titre": "Début", "suites": [{"vers": "fin", "libelle": "Continuer"}]},
      {"id": "fin", "titre": "Vérification", "suites": [{"vers": "decision", "libelle": "Décider"}]}]}')
      WHERE slug = 'acte-naissance'"""
    portail.base.sql("ALTER TABLE demarches_version DISABLE TRIGGER USER")
    portail.base.sql(with_parcours)
    portail.base.sql("ALTER TABLE demarches_version ENABLE TRIGGER USER")
    portail.base.sql(
        "UPDATE demarches_dossier SET etat = 'en_instruction', etape = 'debut' WHERE id = %s", dossier.id
    )
    nav = await desk(portail, cast)
    page = await nav.get("/?demarche=acte-naissance")
    assert "Vérification" in page.texte
    assert len(rows(await nav.get("/?demarche=acte-naissance&etape=debut"))) == 1
    assert rows(await nav.get("/?demarche=acte-naissance&etape=fin")) == []
