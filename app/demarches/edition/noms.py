"""What the rule of a place may name, in a definition in progress, where wrong questions are left out."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from app.demarches.definitions import Champ
from app.demarches.definitions.definition import Tarif
from app.demarches.definitions.environnement import noms_de
from app.demarches.edition import gestes
from app.demarches.edition.gestes import Brut
from app.demarches.edition.lieux import Lieu
from app.demarches.expressions import (
    NOMBRE,
    Environnement,
    ExpressionRefuseeError,
    Nom,
    Type,
    compiler,
)

_QUELCONQUE = Type("inconnu")


def environnement_de(contenu: Brut, lieu: Lieu) -> Environnement:
    """The names within reach of a rule: what precedes it, its whole page, or the whole form (docs/guides/regles.md)."""
    noms: dict[str, Nom] = _tarifs(contenu)
    absents: dict[str, str] = {}
    beyond = False
    for page, champ in _champs(contenu):
        here = str(page.get("id"))
        if not beyond and _arrive(lieu, page, champ):
            beyond = True
        brut = {
            cle: value for cle, value in champ.items() if cle not in ("si", "obligatoire_si", "controles")
        }
        champ_id = str(champ.get("id"))
        if beyond and not (lieu.genre.portee == "page" and here == lieu.page_id):
            absents[champ_id] = (
                f"« {champ_id} » vient plus loin dans le formulaire : une règle ne regarde que ce qui la "
                "précède. Déplacez la question ou la règle."
            )
            continue
        noms.update(_noms(brut, Environnement(noms)))
    return Environnement(noms, absents)


def _arrive(lieu: Lieu, page: Brut, champ: Brut) -> bool:
    """Whether this question is the first that a rule of that place cannot look at (but those of its page)."""
    if lieu.genre.portee == "tout":
        return False
    if page.get("id") != lieu.page_id:
        return False
    if lieu.genre.portee == "page":
        return True
    if lieu.champ_id:
        return champ.get("id") == lieu.champ_id
    return not lieu.section_id or champ.get("section") == lieu.section_id


def _champs(contenu: Brut) -> Iterator[tuple[Brut, Brut]]:
    for page in gestes.pages(contenu):
        for champ in gestes.champs(page):
            yield page, champ


def _noms(brut: Brut, env: Environnement) -> dict[str, Nom]:
    """What may be named of one question; nothing while it is wrong in itself."""
    calcul: Any = brut.get("calcul")
    kind = None
    try:
        if isinstance(calcul, str):
            kind = compiler(calcul, env, _QUELCONQUE).type
        return noms_de(Champ.model_validate(brut), kind)
    except (ValidationError, ExpressionRefuseeError):
        return {}


def _tarifs(contenu: Brut) -> dict[str, Nom]:
    found: dict[str, Nom] = {}
    tarifs = contenu.get("tarifs")
    for brut in tarifs if isinstance(tarifs, list) else ():
        try:
            tarif = Tarif.model_validate(brut)
        except ValidationError:
            continue
        found[f"tarif.{tarif.id}"] = Nom(
            NOMBRE, "", libelle=tarif.libelle, minimum=Decimal(0), toujours=True, unite="€"
        )
    return found
