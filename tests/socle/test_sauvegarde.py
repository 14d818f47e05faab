"""Backup and restore: into another installation, whole or not at all, and a destroyed key stays destroyed."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.config import Settings
from app.demarches.service import pieces
from app.portail import cles
from app.socle import embarque
from app.socle.audit import verify_chain
from app.socle.crypto import KeyOwner
from app.socle.sauvegarde import Options, Restauration, SauvegardeError, restaurer, sauvegarder
from app.socle.sauvegarde.base import Base
from app.socle.storage import ObjectDestroyedError
from tests.cast import dossier_depose, image_jpeg, relire
from tests.outillage.base import BaseEssai
from tests.outillage.portail import Portail, make_settings, open_portail

pytestmark = pytest.mark.anyio
AUTRE = "kumun_autre"
FORCEES = "SELECT count(*) FROM pg_class WHERE relforcerowsecurity AND relrowsecurity AND relname LIKE 'demarches_%%'"


def _rien(_step: str, _done: int, _total: int | None) -> None:
    return None


@pytest.fixture
def autre(base: BaseEssai, tmp_path: Path) -> Iterator[BaseEssai]:
    """A second installation on the same server: an empty database, an empty data folder."""
    base.sql(f"DROP DATABASE IF EXISTS {AUTRE} WITH (FORCE)")
    base.sql(embarque.create_database_statement(AUTRE))
    var = tmp_path / "autre"
    var.mkdir()
    shutil.copy(base.var / "demo.env", var / "demo.env")
    shutil.copytree(base.var / "simulateurs", var / "simulateurs")
    serveur = embarque.Serveur.at(base.serveur.repertoire_socket, AUTRE)
    conninfo = f"host={serveur.repertoire_socket} user={embarque.SUPERUSER} dbname={AUTRE}"
    with psycopg.connect(conninfo, autocommit=True) as superuser:
        yield BaseEssai(var, serveur, superuser)
    base.sql(f"DROP DATABASE {AUTRE} WITH (FORCE)")


@pytest.fixture(autouse=True)
def sans_objets(base: BaseEssai) -> Iterator[None]:
    """Each test has the objects and keys of nobody else, and leaves none: some end under another root key.

    What other tests of this run keep there is put aside, and comes back.
    """
    kept = {name: base.var / name for name in ("objets", "cles")}
    for name, place in kept.items():
        if place.exists():
            place.rename(base.var / f"{name}-de-cote")
    yield
    for name, place in kept.items():
        shutil.rmtree(place, ignore_errors=True)
        if (base.var / f"{name}-de-cote").exists():
            (base.var / f"{name}-de-cote").rename(place)


def reglages(base: BaseEssai, **overrides: Any) -> Settings:
    return make_settings(base, **overrides)


async def copier(portail: Portail, dossier: Path, options: Options | None = None) -> Path:
    # The cast keeps its rows in a schema of its own, which is not the portal's.
    noyau = portail.noyau
    return await sauvegarder(
        noyau.settings,
        noyau.clock,
        Base(portail.base.serveur.url_proprietaire),
        dossier,
        options or Options(),
        _rien,
    )


async def remettre(base: BaseEssai, clock: Any, dossier: Path, **options: Any) -> Restauration:
    settings = options.pop("settings", reglages(base))
    options.setdefault("connu", lambda _revision: True)
    return await restaurer(settings, clock, Base(base.serveur.url_proprietaire), dossier, _rien, **options)


async def test_a_restored_installation_reads_a_dossier_and_its_piece(
    portail: Portail, autre: BaseEssai, cles_simulateurs: Path, tmp_path: Path
) -> None:
    dossier = await dossier_depose(portail)
    folder = await copier(portail, tmp_path / "sauvegardes")

    done = await remettre(autre, portail.clock, tmp_path / "sauvegardes")
    assert (done.dossier, done.anomalies, done.avis) == (folder, (), ())

    async with open_portail(autre, cles_simulateurs, tmp_path / "courriels-autre") as second:
        row = await relire(second, dossier.id)
        assert row.numero == dossier.numero
        usager = (dossier.usager_id, (await _identite(second, dossier.usager_id)))
        session = await second.ouvrir_session("guingamp", usager=usager)
        async with second.contexte("guingamp", session=session) as ctx:
            _, lu = await pieces.open_piece(ctx, dossier.piece_id)
            assert (await lu.read())[:2] == image_jpeg()[:2]
        async with second.noyau.db.hors_cloison("a test verifies") as db:
            assert await verify_chain(db) == []
        # The perimeter came back with the tables.
        assert autre.sql(FORCEES)[0][0] == portail.base.sql(FORCEES)[0][0] > 5


async def _identite(portail: Portail, usager_id: Any) -> Any:
    return portail.base.sql("SELECT id FROM socle_identite WHERE usager_id = %s", usager_id)[0][0]


async def test_an_installation_in_use_is_not_overwritten_unless_asked(
    portail: Portail, autre: BaseEssai, tmp_path: Path
) -> None:
    await dossier_depose(portail)
    await copier(portail, tmp_path / "s")
    await remettre(autre, portail.clock, tmp_path / "s")
    before = autre.state()
    with pytest.raises(SauvegardeError, match="pas vide"):
        await remettre(autre, portail.clock, tmp_path / "s")
    assert autre.state() == before
    done = await remettre(autre, portail.clock, tmp_path / "s", remplacer=True)
    assert done.anomalies == ()


async def test_a_portal_at_work_stops_a_restore(
    portail: Portail, autre: BaseEssai, tmp_path: Path, cles_simulateurs: Path
) -> None:
    await copier(portail, tmp_path / "s")
    await remettre(autre, portail.clock, tmp_path / "s")
    async with open_portail(autre, cles_simulateurs, tmp_path / "c"):
        with pytest.raises(SauvegardeError, match="arrêtez"):
            await remettre(autre, portail.clock, tmp_path / "s", remplacer=True)


@pytest.mark.parametrize("fichier", ["base.dump", "objets.liste"])
async def test_an_altered_backup_changes_nothing(
    portail: Portail, autre: BaseEssai, tmp_path: Path, fichier: str
) -> None:
    await dossier_depose(portail)
    folder = await copier(portail, tmp_path / "s")
    with (folder / fichier).open("r+b") as file:
        file.seek(20)
        file.write(b"\0\1\2")
    with pytest.raises(SauvegardeError, match="SHA-256"):
        await remettre(autre, portail.clock, folder)
    with Base(autre.serveur.url_proprietaire).connexion() as connexion:
        assert connexion.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (
            0,
        )


async def test_an_object_altered_or_lost_is_told_and_the_rest_put_back(
    portail: Portail, autre: BaseEssai, tmp_path: Path
) -> None:
    first, second = await dossier_depose(portail), await dossier_depose(portail, "yann")
    # Elsewhere than the installation's disk, a copy is not a link.
    await copier(portail, tmp_path / "s")
    lost, altered = (next((tmp_path / "s" / "objets").rglob(str(d.piece_id))) for d in (first, second))
    data = altered.read_bytes()
    altered.unlink()
    altered.write_bytes(data[:-1] + b"!")
    lost.unlink()
    done = await remettre(autre, portail.clock, tmp_path / "s")
    assert len(done.anomalies) == 2
    assert any("abîmé" in line and str(second.piece_id) in line for line in done.anomalies)
    assert any("manque" in line and str(first.piece_id) in line for line in done.anomalies)


async def test_a_destroyed_key_stays_destroyed_after_a_restore(
    portail: Portail, autre: BaseEssai, tmp_path: Path
) -> None:
    dossier = await dossier_depose(portail)
    await copier(portail, tmp_path / "s")
    owner, nom = await cles.find_owner(portail.noyau, "guingamp")
    assert nom == "Guingamp"
    done = await cles.destroy(portail.noyau, owner)
    portail.avancer(days=1)
    # The later backup has the list; the older one has the key.
    await copier(portail, tmp_path / "s")
    older = min((tmp_path / "s").glob("sauvegarde-*"))
    old_keys = tmp_path / "vieilles-cles"
    old_keys.mkdir()
    shutil.copy(min((tmp_path / "s" / "cles").glob("*.jsonl")), old_keys)

    restored = await remettre(autre, portail.clock, older, dossier_cles=old_keys)
    assert restored.cles_detruites == 1
    assert str(done.cle) in (autre.var / "cles" / "destroyed.log").read_text()
    settings = reglages(autre)
    from app.socle.storage import make_encrypted_objects

    objets = make_encrypted_objects(settings, portail.clock)
    with pytest.raises(ObjectDestroyedError):
        await objets.lire(KeyOwner("collectivite", dossier.collectivite_id), dossier.piece_id)


async def test_another_master_key_is_refused_before_anything_changes(
    portail: Portail, autre: BaseEssai, tmp_path: Path
) -> None:
    await dossier_depose(portail)
    await copier(portail, tmp_path / "s")
    with pytest.raises(SauvegardeError, match="KUMUN_MASTER_KEY"):
        await remettre(autre, portail.clock, tmp_path / "s", settings=reglages(autre, master_key="z" * 48))
    assert not (autre.var / "objets").exists()


async def test_another_secret_key_is_told(portail: Portail, autre: BaseEssai, tmp_path: Path) -> None:
    await copier(portail, tmp_path / "s")
    done = await remettre(autre, portail.clock, tmp_path / "s", settings=reglages(autre, secret_key="z" * 48))
    assert "KUMUN_SECRET_KEY" in done.avis[0]


async def test_a_backup_of_a_version_to_come_is_refused(
    portail: Portail, autre: BaseEssai, tmp_path: Path
) -> None:
    await copier(portail, tmp_path / "s")
    with pytest.raises(SauvegardeError, match="plus récente"):
        await remettre(autre, portail.clock, tmp_path / "s", connu=lambda _revision: False)


async def test_objects_are_shared_and_go_with_the_last_backup_that_lists_them(
    portail: Portail, tmp_path: Path
) -> None:
    dossier = await dossier_depose(portail)
    root = tmp_path / "s"
    await copier(portail, root)
    (copy,) = (root / "objets").rglob(str(dossier.piece_id))
    await portail.noyau.objets.detruire(dossier.piece_id)
    portail.avancer(days=10)
    (root / "sauvegarde-20000101T000000Z").mkdir()  # cut short: it has no manifest
    await copier(portail, root, Options(garder=30))
    assert copy.is_file()
    assert len(list(root.glob("sauvegarde-*"))) == 2
    assert len(list((root / "cles").glob("*.jsonl"))) == 1, "keys have a shorter life than backups"
    portail.avancer(days=25)
    await copier(portail, root, Options(garder=30))
    assert len(list(root.glob("sauvegarde-*"))) == 2
    assert not copy.exists()


async def test_a_failed_restore_leaves_the_database_as_it_was(
    portail: Portail, autre: BaseEssai, tmp_path: Path
) -> None:
    from app.socle.sauvegarde import base as bases

    await dossier_depose(portail)
    folder = await copier(portail, tmp_path / "s")
    autre.sql("CREATE TABLE public.temoin (n int)")
    autre.sql("ALTER TABLE public.temoin OWNER TO kumun_proprietaire")
    cut = tmp_path / "coupee.dump"
    cut.write_bytes((folder / "base.dump").read_bytes()[:-2000])
    with pytest.raises(SauvegardeError, match="comme avant"):
        bases.restore(Base(autre.serveur.url_proprietaire), cut, 10, _rien)
    with Base(autre.serveur.url_proprietaire).connexion() as connexion:
        assert connexion.execute("SELECT count(*) FROM temoin").fetchone() == (0,)


async def test_two_backups_do_not_run_at_once(portail: Portail, tmp_path: Path) -> None:
    import fcntl

    (tmp_path / "s").mkdir()
    with (tmp_path / "s" / ".verrou").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(SauvegardeError, match="Une autre sauvegarde"):
            await copier(portail, tmp_path / "s")


async def test_the_root_key_is_replaced_while_the_former_still_opens(
    portail: Portail, cles_simulateurs: Path, tmp_path: Path
) -> None:
    dossier = await dossier_depose(portail)
    former = portail.noyau.settings.master_key.get_secret_value()
    owner = KeyOwner("collectivite", dossier.collectivite_id)
    async with open_portail(
        portail.base, cles_simulateurs, tmp_path / "c", master_key="n" * 48, master_key_ancienne=former
    ) as second:
        await (await second.noyau.objets.lire(owner, dossier.piece_id)).read()
        assert await cles.rotate(second.noyau) >= 1
        assert await cles.rotate(second.noyau) == 0
    async with open_portail(portail.base, cles_simulateurs, tmp_path / "c", master_key="n" * 48) as third:
        assert (await (await third.noyau.objets.lire(owner, dossier.piece_id)).read())[:2] == b"\xff\xd8"
        with pytest.raises(Exception, match="KUMUN_MASTER_KEY_ANCIENNE"):
            await cles.rotate(third.noyau)


def test_keys_are_forgotten_by_age_but_never_the_newest(tmp_path: Path) -> None:
    from app.socle.sauvegarde import cles as copies
    from tests.outillage.portail import LUNDI

    for day in (1, 9, 20):
        at = LUNDI - timedelta(days=day)
        (tmp_path / f"cles-{at:%Y%m%dT%H%M%SZ}.jsonl").touch()
    assert copies.forget_old(tmp_path, LUNDI, 7) == 2
    assert copies.forget_old(tmp_path, LUNDI + timedelta(days=99), 7) == 0
