"""`kumun verifier` finds what was altered behind the portal's back, says it in one line, and ends with code 1."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from app.cli import app as cli
from app.portail.verification import verify
from tests import cast as acteurs
from tests.cast import Cast
from tests.outillage.base import BaseEssai
from tests.outillage.portail import Portail, make_settings
from tests.outillage.travaux import run_jobs

UNTIED = "SET session_replication_role = replica; {}; SET session_replication_role = DEFAULT"


@contextmanager
def altered(base: BaseEssai, change: str, back: str = "") -> Iterator[None]:
    """As whoever holds the server could, past triggers and policies."""
    base.sql(UNTIED.format(change))
    try:
        yield
    finally:
        if back:
            base.sql(UNTIED.format(back))


@pytest.mark.anyio
async def test_each_alteration_is_told_and_a_sound_installation_proves_itself(
    portail: Portail, cast: Cast
) -> None:
    del cast
    dossier = await acteurs.dossier_instruit(portail)
    await run_jobs(portail)
    sound = await verify(portail.noyau)
    assert sound.anomalies == []
    assert len(sound.constats) == 6
    assert "Documents : 0" not in " ".join(sound.constats)

    base = portail.base

    async def says(*words: str) -> None:
        told = " ".join((await verify(portail.noyau)).anomalies)
        assert all(word in told for word in words), told

    piece = "ALTER TABLE demarches_piece {} ROW LEVEL SECURITY"
    with altered(base, piece.format("NO FORCE"), piece.format("FORCE")):
        await says("table demarches_piece", "n’est pas forcé")
    version = (
        "UPDATE demarches_version SET contenu = contenu || '{\"cout\": \"%s\"}' WHERE slug = 'acte-naissance'"
    )
    ((before,),) = base.sql("SELECT contenu->>'cout' FROM demarches_version WHERE slug = 'acte-naissance'")
    with altered(base, version % "12 euros", version % before):
        await says("de acte-naissance", "n’est plus celui de son adresse")
    reponses = "UPDATE demarches_dossier SET reponses = reponses {} '{}'"
    with altered(base, reponses.format("||", '{"inventee": 1}'), reponses.format("-", "inventee")):
        await says("ne connaît pas (inventee)")

    store = portail.noyau.objets.store
    assert dossier.piece_id is not None
    path = store.path_of(dossier.piece_id)  # type: ignore[attr-defined]
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    await says(f"pièce {dossier.piece_id}", "ne se relit pas comme il a été déposé")
    path.unlink()
    await says(f"pièce {dossier.piece_id}", "absent du stockage")
    path.write_bytes(whole)
    assert (await verify(portail.noyau)).anomalies == []


def test_the_command_ends_with_a_code_for_scripts(base: BaseEssai, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.commandes.settings_or_exit", lambda: make_settings(base))
    sound = CliRunner().invoke(cli, ["verifier"])
    assert sound.exit_code == 0, sound.output
    assert "Cloisonnement : forcé sur" in sound.output
    hote = "ALTER TABLE socle_habilitation {} ROW LEVEL SECURITY"
    with altered(base, hote.format("DISABLE"), hote.format("ENABLE")):
        wrong = CliRunner().invoke(cli, ["verifier"])
    assert wrong.exit_code == 1
    assert "socle_habilitation" in wrong.output
