"""Shared démarches from the command line: out, in, published to every adopter in as many statements as for one."""

import pytest

from app.demarches.service import publication_fichier
from app.socle.errors import InvalidInputError
from app.socle.noyau import Noyau
from tests.outillage.base import BaseEssai

pytestmark = pytest.mark.anyio


async def test_a_file_is_published_to_all_who_offer_it(noyau: Noyau, base: BaseEssai) -> None:
    text = await publication_fichier.read_published(noyau, "acte-naissance")
    with pytest.raises(InvalidInputError, match="Rien n’a changé"):
        await publication_fichier.publish_file(noyau, text.encode())
    changed = text.replace("cout:", "cout: Toujours", 1).encode()
    trial = await publication_fichier.publish_file(noyau, changed, a_blanc=True)
    assert (trial.numero, trial.changements) == (2, ["Coût : modifié"])
    assert base.sql("SELECT max(numero) FROM demarches_publication WHERE slug = 'acte-naissance'") == [(1,)]
    done = await publication_fichier.publish_file(noyau, changed)
    adopters = base.sql(
        "SELECT count(*), count(DISTINCT version_id) FROM demarches_adoption WHERE slug = 'acte-naissance'"
    )
    assert adopters == [(done.deplacees, 1)]
    assert (await publication_fichier.read_published(noyau, "acte-naissance")).encode() == changed


async def test_a_file_opens_one_work_at_a_time(noyau: Noyau) -> None:
    text = await publication_fichier.read_published(noyau, "pacs")
    assert await publication_fichier.begin_work(noyau, text.encode()) == "pacs"
    with pytest.raises(InvalidInputError, match="déjà ouvert"):
        await publication_fichier.begin_work(noyau, text.encode())
    with pytest.raises(InvalidInputError, match="garde pour elle"):
        await publication_fichier.publish_file(noyau, text.replace("slug: pacs", "slug: local-pacs").encode())
