"""The demonstration receives: créneaux to propose in each of its collectivités, visits taken, nothing twice."""

from datetime import timedelta

import pytest

from app.portail import demonstration
from app.rendezvous import repository
from app.rendezvous.service import recherche
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre
from tests.outillage.base import BaseEssai

pytestmark = pytest.mark.anyio


async def test_each_motif_has_a_creneau_and_a_second_load_adds_nothing(noyau: Noyau, base: BaseEssai) -> None:
    assert await demonstration.load_rendezvous(noyau)
    assert not await demonstration.load_rendezvous(noyau)
    communes = dict(base.sql("SELECT slug, id FROM socle_collectivite"))
    today = noyau.clock.now().date()
    for slug in ("guingamp", "loc-envel", "ouessant", "guingamp-paimpol"):
        id_ = communes[slug]
        async with noyau.db.session(Perimetre(lecture=(id_,), ecriture=id_, jeton=b"visiteur")) as session:
            for motif in await repository.list_motifs(session, id_):
                found = await recherche.find_creneaux(
                    session,
                    motif,
                    motif.personnes_max,
                    today,
                    today + timedelta(days=30),
                    now=noyau.clock.now(),
                    fuseau="Europe/Paris",
                    departement="22",
                )
                assert found, motif.nom
    standing = base.sql("SELECT count(*) FROM rendezvous_rendezvous WHERE etat = 'confirme'")
    assert standing == [(10,)]
