"""A receipt that comes back: the agent reads it where refusals are read, whatever is in the mailbox besides."""

import mailbox
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.demarches.service import rebonds
from app.socle.jobs import run_now
from app.socle.rebonds import BoiteIndisponibleError, adresse_retour
from tests.cast import dossier_depose
from tests.outillage.base import BaseEssai
from tests.outillage.portail import open_portail
from tests.outillage.travaux import run_jobs
from tests.socle.rebonds.echantillons import POSTFIX, VACANCES

pytestmark = pytest.mark.anyio


async def test_a_returned_receipt_is_shown_to_the_agent_and_its_notification_removed(
    base: BaseEssai, cles_simulateurs: Path, tmp_path: Path
) -> None:
    box = mailbox.Maildir(tmp_path / "boite")
    reglages: dict[str, Any] = {
        "mail_rebonds": "rebonds@kumun.test",
        "mail_rebonds_boite": f"maildir:{tmp_path / 'boite'}",
    }
    async with open_portail(base, cles_simulateurs, tmp_path / "courriels", **reglages) as portail:
        dossier = await dossier_depose(portail)
        await run_jobs(portail)
        ((envoi_id, etat),) = base.sql(
            "SELECT id, etat FROM demarches_envoi WHERE dossier_id = %s", dossier.id
        )
        assert etat == "envoye"
        retour = adresse_retour(portail.noyau.sceau, "rebonds@kumun.test", envoi_id)
        notification = POSTFIX.format(retour=retour, action="failed").encode()
        forged = POSTFIX.format(retour=retour[:-20] + "aaaa@kumun.test", action="failed").encode()
        for message in (notification, notification, forged, VACANCES.format(retour=retour).encode()):
            box.add(message)

        done = await rebonds.relever(portail.noyau)
        assert (done.lus, done.non_remis, done.laisses) == (4, 1, 2)
        assert len(list((tmp_path / "boite").glob("[cn]*/*"))) == 2
        await run_now(portail.noyau, "demarches:relever_rebonds")

        desk = portail.navigateur("agents")
        agent = base.sql("SELECT id FROM socle_agent WHERE prenom = 'Maëlle'")[0][0]
        await portail.ouvrir_session("agents", agent=UUID(str(agent)), navigateur=desk)
        page = await desk.get(f"/dossiers/{dossier.id}")
        assert "Non remis" in page.texte
        assert "User unknown" in page.texte
        ((action,),) = base.sql(
            "SELECT details->>'statut' FROM socle_audit WHERE action = 'demarches:courriel:retour'"
        )
        assert action == "5.1.1"


async def test_no_mailbox_is_no_work_and_a_silent_one_is_tried_again(
    base: BaseEssai, cles_simulateurs: Path, tmp_path: Path
) -> None:
    async with open_portail(base, cles_simulateurs, tmp_path / "c") as portail:
        assert await rebonds.relever(portail.noyau) == rebonds.Releve()
    reglages: dict[str, Any] = {
        "mail_rebonds": "rebonds@kumun.test",
        "mail_rebonds_boite": f"maildir:{tmp_path / 'absente'}",
    }
    async with open_portail(base, cles_simulateurs, tmp_path / "c", **reglages) as portail:
        with pytest.raises(BoiteIndisponibleError):
            await rebonds.relever(portail.noyau)
        await run_now(portail.noyau, "demarches:relever_rebonds")
