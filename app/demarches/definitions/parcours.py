"""The custom steps of a démarche inside « en_instruction », as data: what each one sets off, and where it may lead.

The legal states stay what they are; « decision » is the way out of every parcours. Refused when loaded: a step that
nothing leads to, a step from which no decision can be reached, a name that means nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.demarches.definitions.base import Fige, Formule, IdChamp, Texte
from app.demarches.definitions.legal import Delai

FIN = "decision"


class ActionAvis(Fige):
    """An opinion to ask: of a service of the collectivité, asked when the step begins, or of somebody outside.

    For an outside expert the agent gives the name and the address on the dossier: a shared version knows neither.
    """

    genre: Literal["avis"]
    nom: Texte
    objet: Texte
    externe: bool = False
    oui_non: bool = True
    confidentiel: bool = False
    delai: Delai = "15 jours"


class ActionAttente(Fige):
    """Something to wait for from another module; where that module is absent, the agent says that it is done."""

    genre: Literal["attente"]
    quoi: Literal["paiement", "rendez_vous", "signature"]
    libelle: Texte


class ActionDocument(Fige):
    """A letter made when the step begins, kept in the dossier; `{words}` as in the model of decision."""

    genre: Literal["document"]
    titre: Texte
    paragraphes: tuple[Texte, ...] = Field(min_length=1)


class ActionCourriel(Fige):
    """An e-mail to the demandeur when the step begins; it must not hold what only the portal may show."""

    genre: Literal["courriel"]
    objet: Texte
    paragraphes: tuple[Texte, ...] = Field(min_length=1)


class ActionWebhook(Fige):
    """A call of an outside address when the step begins: `point` is a name in the collectivité's own list of addresses.

    It carries number, state, step and démarche, and of the answers only `champs`. With `bloquant`, ways out that wait
    for everything wait for it too; without, the step goes on whatever becomes of the call.
    """

    genre: Literal["webhook"]
    point: IdChamp
    libelle: Texte
    champs: tuple[IdChamp, ...] = ()
    bloquant: bool = False


class ActionSms(Fige):
    """A text message to the demandeur when the step begins, `{words}` as elsewhere.

    Sent only to whoever has said yes to the question `accord`, to the number answered at `telephone` (the demandeur's
    own when it is not said). Not at night, unless it is `urgent`.
    """

    genre: Literal["sms"]
    texte: Texte = Field(max_length=400)
    accord: IdChamp
    telephone: IdChamp | None = None
    urgent: bool = False


Action = Annotated[
    ActionAvis | ActionAttente | ActionDocument | ActionCourriel | ActionWebhook | ActionSms,
    Field(discriminator="genre"),
]


class Suite(Fige):
    """A way out of a step: to another one or to the decision, by whom, and when.

    `si` looks at the answers; `attend_tout` holds it shut until every opinion and thing awaited here has come.
    """

    vers: IdChamp
    libelle: Texte
    par: Literal["agent", "administrateur"] = "agent"
    si: Formule | None = None
    attend_tout: bool = False


class Etape(Fige):
    """One step: what the agent must know, what happens when it begins, where it leads."""

    id: IdChamp
    titre: Texte
    consigne: str = ""
    actions: tuple[Action, ...] = ()
    suites: tuple[Suite, ...] = Field(min_length=1)


class Parcours(Fige):
    """The steps, from the first one to the decision."""

    etapes: tuple[Etape, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        ids = [etape.id for etape in self.etapes]
        if FIN in ids:
            raise ValueError(f"{FIN} is the way out of a parcours, no step may be called that")
        if len(set(ids)) != len(ids):
            raise ValueError("a step id is used twice")
        for etape in self.etapes:
            for suite in etape.suites:
                if suite.vers != FIN and suite.vers not in ids:
                    raise ValueError(f"step {etape.id} leads to {suite.vers}, which is no step")
                if suite.vers == etape.id:
                    raise ValueError(f"step {etape.id} leads to itself")
        if lost := set(ids) - _reached(self, ids[0]):
            raise ValueError(f"no way leads to step {sorted(lost)[0]}")
        if stuck := next((id_ for id_ in ids if FIN not in _reached(self, id_)), None):
            raise ValueError(f"step {stuck} never comes to a decision")
        return self

    def etape(self, etape_id: str) -> Etape | None:
        """The step of that id, or None (a dossier before its first step, a version that has no such step)."""
        return next((etape for etape in self.etapes if etape.id == etape_id), None)

    @property
    def premiere(self) -> Etape:
        """Where every dossier begins."""
        return self.etapes[0]

    @property
    def textes(self) -> Iterator[str]:
        """Every text with `{words}`."""
        for etape in self.etapes:
            for action in etape.actions:
                if isinstance(action, ActionDocument | ActionCourriel):
                    yield from action.paragraphes
                if isinstance(action, ActionCourriel):
                    yield action.objet
                if isinstance(action, ActionSms):
                    yield action.texte

    def check_champs(self, types: Mapping[str, str]) -> None:
        """ValueError when an action names a question that the form (`types` by id) lacks, or of a wrong type."""
        for etape in self.etapes:
            for action in etape.actions:
                if isinstance(action, ActionWebhook):
                    for champ_id in action.champs:
                        if types.get(champ_id, "piece") in ("piece", "explication"):
                            raise ValueError(
                                f"step {etape.id} sends {champ_id}, which is no answer of the form"
                            )
                elif isinstance(action, ActionSms):
                    if types.get(action.accord) not in ("consentement", "oui_non"):
                        raise ValueError(
                            f"step {etape.id} writes by SMS without a question that agrees to it"
                        )
                    if action.telephone is not None and types.get(action.telephone) != "telephone":
                        raise ValueError(
                            f"step {etape.id} writes by SMS to {action.telephone}, which is no phone"
                        )

    @property
    def champs_cites(self) -> frozenset[str]:
        """The questions that actions name otherwise than by `{words}`."""
        found: set[str | None] = set()
        for etape in self.etapes:
            for action in etape.actions:
                if isinstance(action, ActionWebhook):
                    found.update(action.champs)
                elif isinstance(action, ActionSms):
                    found |= {action.accord, action.telephone}
        return frozenset(name for name in found if name is not None)

    @property
    def conditions(self) -> tuple[tuple[str, str], ...]:
        """Every condition of a way, with where it stands."""
        return tuple(
            (f"parcours.etapes[{etape.id}].suites[{suite.vers}].si", suite.si)
            for etape in self.etapes
            for suite in etape.suites
            if suite.si is not None
        )


def _reached(parcours: Parcours, start: str) -> set[str]:
    """The steps, and the end, that can be reached from one step, itself included."""
    ways = {etape.id: [suite.vers for suite in etape.suites] for etape in parcours.etapes}
    found, waiting = {start}, [start]
    while waiting:
        for after in ways.get(waiting.pop(), ()):
            if after not in found:
                found.add(after)
                waiting.append(after)
    return found
