"""What every part of a definition is made of: the frozen base and the kinds of text."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from app.demarches.expressions import ExpressionRefuseeError, analyser, ecrire


class Fige(BaseModel):
    """Base of everything in a definition: frozen, and refusing any key it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _canonique(texte: str) -> str:
    try:
        return ecrire(analyser(texte))
    except ExpressionRefuseeError as refusal:
        raise ValueError(str(refusal)) from None


Texte = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
IdChamp = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
# The text of a rule (docs/guides/regles.md), kept as the one canonical text of its tree.
Formule = Annotated[str, AfterValidator(_canonique)]


class Controle(Fige):
    """A rule that answers must respect, and the sentence for whom does not: what is wrong and what to do."""

    regle: Formule
    phrase: Texte


class Aiguillage(Fige):
    """To which group of agents a dossier goes when the rule holds."""

    si: Formule
    groupe: Texte
