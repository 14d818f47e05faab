"""The SECURITY DEFINER functions: the few doors through the policies, each with the test of its own walls."""

import sys
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.identite import repository as identite
from app.socle.ids import fingerprint, uuid7
from app.socle.jobs import emit
from app.socle.sessions import open_session
from app.socle.tenancy import Perimetre
from tests import cast as acteurs
from tests.cloisonnement import test_portes_acces, test_portes_avis, test_portes_rendezvous
from tests.cloisonnement.monde import Monde
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio

# A new door goes here, with a test that shows what it does not let through.
PORTES = {
    "ouvrir_compte": "test_an_identity_opens_its_own_account_only",
    "ouvrir_session": "test_a_session_opens_on_its_host_for_its_person",
    "reconnaitre_agent": "test_an_agent_is_known_by_subject_then_by_invited_address_once",
    "creer_session": "test_a_session_is_made_but_never_read_back",
    "emettre": "test_a_job_is_enqueued_but_never_read_back",
    "indexer_dossier": "test_the_index_takes_the_collectivite_being_written_only",
    "chercher_dossiers": "test_a_search_answers_agents_within_their_perimeter_only",
    "rattacher_comptes": "test_accounts_join_by_both_proofs_only",
    "consultations_du_dossier": "test_who_read_a_dossier_is_told_to_its_owner_only",
    "compter_bureau": "test_the_counters_of_the_desk_stay_in_the_perimeter",
    "placer_dossier": "test_places_are_written_by_no_caller",
    "promouvoir_attente": "test_places_are_written_by_no_caller",
    "place_rendue": "test_places_are_written_by_no_caller",
    "donner_avis": "test_an_opinion_counts_once_for_a_closed_dossier_of_this_host",
    "compter_brouillons": "test_drafts_are_counted_for_agents_and_never_shown",
    "confier_dossier": "test_a_dossier_is_entrusted_to_who_was_given_access_only",
    "lire_code": "test_a_code_tells_what_it_is_for_in_its_commune_only",
    "brouillons_confies": "test_shared_drafts_are_told_to_who_was_invited_only",
    "installer_borne": "test_a_kiosk_is_made_by_its_own_code_in_its_own_commune_only",
    "accepter_code": "test_a_code_is_accepted_by_the_browser_or_account_that_asks_only",
    "adoption_changee": "test_an_adoption_announces_its_own_collectivite_only",
    "lire_avis": "test_an_opinion_opens_its_own_dossier_by_its_own_code_only",
    "rendre_avis": "test_an_opinion_is_given_once_by_its_own_code_only",
    "rendezvous_occuper": "test_time_is_taken_for_ones_own_rendez_vous_only",
    "rendezvous_suivre_etat": "test_giving_up_frees_ones_own_time_only",
    "rendezvous_ouvrir": "test_openings_are_written_for_ones_own_ressource_only",
    "rendezvous_recalculer": "test_free_time_is_written_by_no_caller",
    "rendezvous_absence_change": "test_an_absence_closes_its_own_occupant_only",
    "rendezvous_verifier_occupant": "test_nobody_elses_person_or_thing_is_named",
}
# Where those tests stand: here, and beside, for what each module keeps behind its own doors.
_MODULES = (sys.modules[__name__], test_portes_acces, test_portes_avis, test_portes_rendezvous)
_DOORS = """
SELECT p.proname, p.proconfig, has_function_privilege('public', p.oid, 'EXECUTE'), pg_get_userbyid(p.proowner),
  p.prorettype = 'trigger'::regtype
FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
"""


async def test_the_doors_are_those_written_here(portail: Portail) -> None:
    found = portail.base.sql(_DOORS)
    assert {row[0] for row in found} == set(PORTES)
    for name, config, for_all, owner, trigger in found:
        assert config == ["search_path=public, pg_temp"], name
        assert trigger or not for_all, f"{name} may be called by everybody"
        assert owner == "kumun_proprietaire"
    for name, test in PORTES.items():
        assert any(hasattr(module, test) for module in _MODULES), f"{name} has no test"


async def test_an_identity_opens_its_own_account_only(portail: Portail, monde: Monde) -> None:
    now = portail.clock.now()
    async with portail.noyau.db.session() as session:
        for sub, entite, known in (
            ("essai-rozenn-guingamp", "kumun-guingamp", True),
            ("essai-rozenn-guingamp", "kumun-rennes", False),
            ("inconnue", "kumun-guingamp", False),
        ):
            issuer = "https://simulateurs.test/franceconnect/api/v2"
            row = await identite.ouvrir_compte(
                session, new_id=uuid7(), emetteur=issuer, entite=entite, sub=sub, niveau="franceconnect",
                donnees={}, now=now,
            )  # fmt: skip
            assert (row.usager_id == monde.rozenn.usager_id) is known, (sub, entite)
            assert row.nouveau is not known
        found = (await session.execute(text("SELECT id FROM socle_usager"))).scalars().all()
        assert found == [row.usager_id], "the transaction acts for the last account opened, and no other"


async def test_a_session_opens_on_its_host_for_its_person(portail: Portail, monde: Monde) -> None:
    token = await portail.ouvrir_session("guingamp", usager=monde.rozenn.paire)
    desk = await portail.ouvrir_session("agents", agent=monde.cast.agents["maelle"])
    now = portail.clock.now()
    async with portail.noyau.db.session() as session:
        for wrong, hote, when in (
            (token, portail.hote("rennes"), now),
            (token, portail.hote("mon"), now),
            (desk, portail.hote("opsn"), now),
            (token + "x", portail.hote("guingamp"), now),
            (token, portail.hote("guingamp"), now + timedelta(hours=3)),
        ):
            genre = "collectivite" if "agents" not in hote else "agents"
            assert await open_session(session, wrong, hote, genre, when) is None
            assert (await session.execute(text("SELECT usager_courant()"))).scalar_one() is None
        found = await open_session(session, desk, portail.hote("agents"), "agents", now)
        assert found is not None
        assert found.collectivites == (monde.guingamp,)
        seen = (
            await session.execute(text("SELECT DISTINCT collectivite_id FROM demarches_dossier"))
        ).scalars()
        assert list(seen) == [monde.guingamp]


async def test_an_agent_who_left_opens_nothing(portail: Portail, monde: Monde) -> None:
    desk = await portail.ouvrir_session("agents", agent=monde.cast.agents["maelle"])
    portail.base.sql("UPDATE socle_agent SET actif = false WHERE id = %s", monde.cast.agents["maelle"])
    async with portail.noyau.db.session() as session:
        assert (
            await open_session(session, desk, portail.hote("agents"), "agents", portail.clock.now()) is None
        )


async def test_an_agent_is_known_by_subject_then_by_invited_address_once(
    portail: Portail, monde: Monde
) -> None:
    async def recognise(sub: str, courriel: str) -> UUID | None:
        async with portail.noyau.db.session() as session:
            return await identite.reconnaitre_agent(
                session, sub=sub, courriel=courriel, prenom="", nom="", now=portail.clock.now()
            )

    maelle = monde.cast.agents["maelle"]
    assert await recognise("s1", "Maelle.Le-Goff@guingamp.example") == maelle
    assert await recognise("s1", "autre@guingamp.example") == maelle
    # The address alone opens nothing once somebody has signed in with it.
    assert await recognise("s2", "maelle.le-goff@guingamp.example") is None
    assert await recognise("s3", "inconnu@guingamp.example") is None


async def test_a_session_is_made_but_never_read_back(portail: Portail, monde: Monde) -> None:
    token = await portail.ouvrir_session("guingamp", usager=monde.rozenn.paire)
    async with portail.noyau.db.session() as session:
        rows = (await session.execute(text("SELECT * FROM socle_session"))).all()
        assert rows == []
    ((kept,),) = portail.base.sql(
        "SELECT count(*) FROM socle_session WHERE empreinte = %s", fingerprint(token)
    )
    assert kept == 1
    assert not portail.base.sql("SELECT 1 FROM socle_session s WHERE s::text LIKE %s", f"%{token}%")


async def test_a_job_is_enqueued_but_never_read_back(portail: Portail, monde: Monde) -> None:
    async with portail.noyau.db.session() as session:
        await emit(session, "demarches:detruire_objet", objet_id=uuid4())
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text("SELECT * FROM procrastinate_jobs"))
        await session.rollback()
    async with portail.noyau.db.session() as session:
        for sql in ("DELETE FROM procrastinate_jobs", "SELECT procrastinate_cancel_job_v1(1, true, true)"):
            with pytest.raises(DBAPIError, match="permission denied"):
                await session.execute(text(sql))
            await session.rollback()


async def test_the_index_takes_the_collectivite_being_written_only(portail: Portail, monde: Monde) -> None:
    sql = text("SELECT indexer_dossier(:c, :d, 'mots')")
    async with portail.noyau.db.session(Perimetre.pour_instruction(monde.rennes)) as session:
        await session.execute(sql, {"c": monde.rennes, "d": monde.ailleurs.id})
        with pytest.raises(DBAPIError, match="outside the perimeter"):
            await session.execute(sql, {"c": monde.guingamp, "d": monde.victime.id})
        await session.rollback()
    async with portail.noyau.db.session() as session:
        with pytest.raises(DBAPIError, match="outside the perimeter"):
            await session.execute(sql, {"c": monde.guingamp, "d": monde.victime.id})
        await session.rollback()


async def test_a_search_answers_agents_within_their_perimeter_only(portail: Portail, monde: Monde) -> None:
    async def search(perimetre: Perimetre, words: str = "gallou") -> set[UUID]:
        async with portail.noyau.db.session(perimetre) as session:
            places = [monde.guingamp, monde.rennes]
            sql = text("SELECT dossier_id FROM chercher_dossiers(:mots, :lieux, '2026-11-23', 100)")
            found = await session.execute(sql, {"mots": words, "lieux": places})
            return set(found.scalars())

    here = {monde.victime.id, monde.voisin.id}
    assert await search(Perimetre.pour_instruction(monde.guingamp)) == here
    assert await search(Perimetre.pour_instruction(monde.rennes)) == {monde.ailleurs.id}
    for name, perimetre in monde.perimetres().items():
        assert not await search(perimetre) & here, name
    for odd in (
        "",
        "'",
        "gallou | !x",
        "a & b:*",
        "\\",
        '"',
        '""',
        '"le gallou',
        "'le gallou'",
        "é" * 300,
        "a " * 200,
    ):
        await search(Perimetre.pour_instruction(monde.guingamp), odd)


async def test_an_opinion_counts_once_for_a_closed_dossier_of_this_host(
    portail: Portail, monde: Monde
) -> None:
    async def give(perimetre: Perimetre, dossier: UUID, note: int = 3) -> bool:
        async with portail.noyau.db.session(perimetre) as session:
            sql = text("SELECT donner_avis(:d, :n, :le)")
            values = {"d": dossier, "n": note, "le": portail.clock.now()}
            return bool((await session.execute(sql, values)).scalar_one())

    here, elsewhere = Perimetre(lecture=(monde.guingamp,)), Perimetre(lecture=(monde.rennes,))
    for perimetre, dossier, note in (
        (elsewhere, monde.victime.id, 3),
        (Perimetre(), monde.victime.id, 3),
        (here, monde.brouillon.id, 3),
        (here, uuid4(), 3),
        (here, monde.victime.id, 5),
    ):
        assert not await give(perimetre, dossier, note)
    assert await give(here, monde.victime.id)
    assert not await give(here, monde.victime.id)
    async with portail.noyau.db.session(here) as session:
        assert (await session.execute(text("SELECT * FROM demarches_satisfaction"))).all() == []


async def test_the_counters_of_the_desk_stay_in_the_perimeter(portail: Portail, monde: Monde) -> None:
    await acteurs.dossier_depose(portail)

    async def count(perimetre: Perimetre) -> int:
        async with portail.noyau.db.session(perimetre) as session:
            sql = text("SELECT ouverts FROM compter_bureau(:c, :a, :j, 'depose', 'en_attente', 100)")
            places = {
                "c": [monde.guingamp, monde.rennes],
                "a": list(monde.cast.agents.values()),
                "j": [date(2026, 11, 23)] * 2,
            }
            return sum((await session.execute(sql, places)).scalars())

    assert await count(Perimetre.pour_instruction(monde.guingamp)) == 1
    for name, perimetre in monde.perimetres().items():
        assert await count(perimetre) == 0, name


async def test_drafts_are_counted_for_agents_and_never_shown(portail: Portail, monde: Monde) -> None:
    async def count(perimetre: Perimetre) -> int:
        async with portail.noyau.db.session(perimetre) as session:
            sql = text("SELECT nombre FROM compter_brouillons('acte-naissance', :le)")
            later = {"le": portail.clock.now() + timedelta(days=3)}
            return sum((await session.execute(sql, later)).scalars())

    assert await count(Perimetre.pour_instruction(monde.guingamp)) == 2
    assert await count(Perimetre.pour_instruction(monde.rennes)) == 1
    for perimetre in (Perimetre(), Perimetre(lecture=(monde.guingamp,), usager=monde.rozenn.usager_id)):
        assert await count(perimetre) == 0


async def test_an_adoption_announces_its_own_collectivite_only(portail: Portail, monde: Monde) -> None:
    before = dict(portail.base.sql("SELECT id, version FROM socle_collectivite"))
    async with portail.noyau.db.session(Perimetre.pour_instruction(monde.guingamp)) as session:
        await session.execute(text("UPDATE demarches_adoption SET ouverte = false WHERE slug = 'pacs'"))
    after = dict(portail.base.sql("SELECT id, version FROM socle_collectivite"))
    assert {id_ for id_ in after if after[id_] != before[id_]} == {monde.guingamp}


async def test_accounts_join_by_both_proofs_only(portail: Portail, monde: Monde) -> None:
    now, mon, here = portail.clock.now(), portail.hote("mon"), b"navigateur"
    columns = "id, genre, hote, suite, temoin, code, usager_id, identite_id, cree_le, expire_le"
    portail.base.sql(
        f"INSERT INTO socle_connexion ({columns}) VALUES (%s, 'passage', %s, '/', %s, %s, %s, %s, %s, %s)",
        uuid7(), mon, here, b"code", monde.rozenn.usager_id, monde.rozenn.identite_id, now,
        now + timedelta(minutes=1),
    )  # fmt: skip
    join = text("SELECT rattacher_comptes(:code, :hote, :temoin, :maintenant)")
    before = portail.base.sql(
        "SELECT count(*) FROM demarches_dossier WHERE usager_id = %s", monde.yann.usager_id
    )
    right = {"code": b"code", "hote": mon, "temoin": here, "maintenant": now}
    for wrong in (
        {"code": b"autre"}, {"hote": portail.hote("rennes")}, {"temoin": b"autre"},
        {"maintenant": now + timedelta(minutes=2)},
    ):  # fmt: skip
        async with portail.noyau.db.session(Perimetre(usager=monde.yann.usager_id)) as session:
            assert (await session.execute(join, right | wrong)).scalar_one() is None, wrong
    after = portail.base.sql(
        "SELECT count(*) FROM demarches_dossier WHERE usager_id = %s", monde.yann.usager_id
    )
    assert after == before
    # Nobody signed in: the proof is used up, and nothing moves.
    async with portail.noyau.db.session() as session:
        assert (await session.execute(join, right)).scalar_one() is None
    ((kept,),) = portail.base.sql("SELECT usager_id FROM demarches_dossier WHERE id = %s", monde.victime.id)
    assert kept == monde.rozenn.usager_id


async def test_who_read_a_dossier_is_told_to_its_owner_only(portail: Portail, monde: Monde) -> None:
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=monde.cast.agents["maelle"], navigateur=nav)
    assert (await nav.get(f"/dossiers/{monde.victime.id}")).statut == 200
    sql = text("SELECT agent FROM consultations_du_dossier(:d)")

    async def readers(perimetre: Perimetre) -> list[str]:
        async with portail.noyau.db.session(perimetre) as session:
            return list((await session.execute(sql, {"d": monde.victime.id})).scalars())

    assert await readers(Perimetre(usager=monde.rozenn.usager_id)) == ["Maëlle Le Goff"]
    for name, perimetre in monde.perimetres().items():
        assert await readers(perimetre) == [], name


async def test_places_are_written_by_no_caller(portail: Portail, monde: Monde) -> None:
    """Triggers alone count and place; an agent says how many there are, and in no other collectivité."""
    forbidden = (
        "UPDATE demarches_quota SET prises = 0",
        "UPDATE demarches_place SET rang = 1",
        "DELETE FROM demarches_place",
        "DELETE FROM demarches_quota",
        "INSERT INTO demarches_place (collectivite_id, dossier_id, quota_id, etat, rang)"
        " SELECT collectivite_id, id, collectivite_id, 'prise', 0 FROM demarches_dossier",
        "SELECT placer_dossier()",
    )
    here = Perimetre.pour_instruction(monde.guingamp)
    for sql in forbidden:
        with pytest.raises(DBAPIError):
            async with portail.noyau.db.session(here) as session:
                await session.execute(text(sql))
    async with portail.noyau.db.session(here) as session:
        changed = await session.execute(
            text("UPDATE demarches_quota SET places = 3 RETURNING collectivite_id")
        )
        assert set(changed.scalars()) == {monde.guingamp}
    for perimetre in (Perimetre(), Perimetre(lecture=(monde.rennes,), ecriture=monde.rennes)):
        async with portail.noyau.db.session(perimetre) as session:
            changed = await session.execute(text("UPDATE demarches_quota SET places = 9 RETURNING id"))
            assert changed.all() == []
