"""Trying one rule in its definition: what is wrong with it, and what is proved of it, whatever else is unfinished."""

from pydantic import ValidationError

from app.demarches.definitions import Definition, Remarque, verifier
from app.demarches.edition.gestes import Brut
from app.demarches.edition.lieux import Lieu, lire
from app.demarches.edition.noms import environnement_de
from app.demarches.expressions import (
    BOOLEEN,
    NOMBRE,
    ExpressionRefuseeError,
    Type,
    compiler,
)

_ATTENDUS = {"booleen": BOOLEEN, "nombre": NOMBRE, "valeur": Type("inconnu")}


def eprouver(contenu: Brut, lieu: Lieu) -> list[Remarque]:
    """What is to be said of the rule at that place: faults of types and names, cycles, proofs.

    Proofs want a definition that is right elsewhere; while it is not, the rule alone is checked.
    """
    texte = lire(contenu, lieu).get("texte", "")
    try:
        compiler(texte, environnement_de(contenu, lieu), _ATTENDUS[lieu.genre.donne])
    except ExpressionRefuseeError as refusal:
        return [Remarque(lieu.remarque, f.phrase, debut=f.debut, fin=f.fin) for f in refusal.fautes]
    try:
        definition = Definition.model_validate(contenu, context={"regles": "a_verifier"})
    except (ValidationError, RecursionError):
        return []
    found = [remark for remark in verifier(definition) if _parle(remark.lieu, lieu)]
    return list(dict.fromkeys(found))


def _parle(nom: str, lieu: Lieu) -> bool:
    return nom == lieu.remarque or nom.startswith(f"{lieu.remarque}.")
