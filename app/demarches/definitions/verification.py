"""What is said of the rules of a definition before it is published: what is wrong, and what can never happen.

Remarks that block come from the compiler; the others are proofs (`expressions.preuves`): they are made only when
no answers that the form accepts say otherwise.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.demarches.definitions.champs import Champ
from app.demarches.definitions.definition import Definition, Page
from app.demarches.definitions.regles import Remarque
from app.demarches.expressions import Expression, analyser, ecrire
from app.demarches.expressions.arbre import Arbre, Groupe, Si, Unaire
from app.demarches.expressions.coeur import Coeur
from app.demarches.expressions.preuves import Borne, But, Monde
from app.demarches.expressions.zones import ZERO


def verifier(definition: Definition) -> list[Remarque]:
    """Every remark on the rules of a definition, in the order of the form; those that block first.

    A definition with wrong rules is made with the validation context `{"regles": "a_verifier"}`.
    """
    found = _Verification(definition)
    return [*definition.plan.remarques, *found.remarques()]


@dataclass(frozen=True, slots=True)
class _Regle:
    """One rule to look at, with what holds where it stands, and what to say of it."""

    lieu: str
    expression: Expression
    contexte: tuple[But, ...]
    jamais: tuple[str, str]
    toujours: tuple[str, str]


class _Verification:
    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._plan = definition.plan
        self._monde = monde_de(definition)

    def remarques(self) -> Iterator[Remarque]:
        for page in self._definition.pages:
            yield from self._page(page)
        for index, (rule, _) in enumerate(self._plan.eligibilite, 1):
            yield from self._controle(f"eligibilite[{index}].regle", rule, (), "dépôt")
        for index, (rule, groupe) in enumerate(self._plan.routage, 1):
            name = f"«\u00a0{groupe}\u00a0»"
            never = f"Corrigez cette règle, qui est toujours fausse\u00a0: le groupe {name} ne recevra rien."
            always = "Retirez les aiguillages qui suivent, ou corrigez celui-ci\u00a0: il est toujours vrai."
            yield from self._dire(
                _Regle(f"routage[{index}].si", rule, (), ("jamais_vrai", never), ("toujours_vrai", always))
            )

    def _page(self, page: Page) -> Iterator[Remarque]:
        place = f"pages[{page.id}]"
        context: tuple[But, ...] = ()
        if (rule := self._plan.pages.get(page.id)) is not None:
            yield from self._dire(_montre(f"{place}.si", rule, (), f"la page «\u00a0{page.titre}\u00a0»"))
            context = ((rule.coeur, True),)
        if context and not self._monde.possible(*context):
            return
        for section in page.sections:
            found = self._plan.sections.get((page.id, section.id))
            if found is not None:
                name = f"la partie «\u00a0{section.titre}\u00a0»"
                yield from self._dire(_montre(f"{place}.sections[{section.id}].si", found, context, name))
        shown = False
        for champ in page.champs:
            before = self._avant(page, champ, context)
            if not self._monde.possible(*before):
                continue
            remarks = list(self._champ(f"{place}.champs[{champ.id}]", champ, before))
            shown = shown or not any(remark.code == "jamais_montre" for remark in remarks)
            yield from remarks
        if not shown:
            phrase = "Corrigez les règles de cette page\u00a0: aucune de ses questions ne sera jamais posée."
            yield Remarque(place, phrase, "avertissement", "page_jamais_atteinte")
        for index, (rule, _) in enumerate(self._plan.controles.get(page.id, ()), 1):
            yield from self._controle(f"{place}.controles[{index}].regle", rule, context, "page")

    def _avant(self, page: Page, champ: Champ, context: tuple[But, ...]) -> tuple[But, ...]:
        section = self._plan.sections.get((page.id, champ.section))
        return (*context, (section.coeur, True)) if section is not None else context

    def _champ(self, lieu: str, champ: Champ, avant: tuple[But, ...]) -> Iterator[Remarque]:
        rules = self._plan.champs[champ.id]
        context = avant
        if rules.si is not None:
            name = f"la question «\u00a0{champ.libelle}\u00a0»"
            said = list(
                self._dire(_montre(f"{lieu}.si", rules.si, avant, name, obligatoire=champ.obligatoire))
            )
            yield from said
            if any(remark.code == "jamais_montre" for remark in said):
                return
            context = (*avant, (rules.si.coeur, True))
        if champ.repond and not self._monde.possible(*context, connus=[champ.id]):
            name = f"«\u00a0{champ.libelle}\u00a0»"
            phrase = f"Corrigez les limites de {name}\u00a0: aucune réponse ne peut les respecter."
            yield Remarque(lieu, phrase, "avertissement", "aucune_reponse")
        if rules.obligatoire_si is not None:
            never = "Retirez cette règle, qui est toujours fausse\u00a0: elle ne rend jamais la réponse obligatoire."
            always = "Rendez la question obligatoire sans règle\u00a0: celle-ci n’est jamais fausse."
            pair = (("jamais_vrai", never), ("toujours_vrai", always))
            yield from self._dire(_Regle(f"{lieu}.obligatoire_si", rules.obligatoire_si, context, *pair))
        for index, (rule, _) in enumerate(rules.controles, 1):
            yield from self._controle(f"{lieu}.controles[{index}].regle", rule, context, "réponse")
            yield from self._options(lieu, champ, rule)

    def _controle(
        self, lieu: str, rule: Expression, contexte: tuple[But, ...], quoi: str
    ) -> Iterator[Remarque]:
        refused = {"dépôt": "tout dépôt est refusé", "page": "la page est toujours refusée"}
        every = refused.get(quoi, "toute réponse est refusée")
        never = f"Corrigez ce contrôle, qui n’est jamais respecté\u00a0: {every}."
        always = "Retirez ce contrôle, qui est toujours respecté\u00a0: il ne refuse rien."
        yield from self._dire(_Regle(lieu, rule, contexte, ("jamais_vrai", never), ("toujours_vrai", always)))

    def _options(self, lieu: str, champ: Champ, rule: Expression) -> Iterator[Remarque]:
        """Options that a check on this question alone always refuses."""
        if champ.type != "choix" or rule.champs != {champ.id} or rule.contexte:
            return
        refused = [o for o in champ.options if rule.evaluer({champ.id: o.valeur}) is False]
        for option in refused if len(refused) < len(champ.options) else ():
            name = f"«\u00a0{option.libelle}\u00a0»"
            phrase = f"Retirez la réponse {name}, qu’un contrôle refuse toujours, ou corrigez-le."
            yield Remarque(f"{lieu}.options[{option.valeur}]", phrase, "avertissement", "option_inutilisable")

    def _dire(self, regle: _Regle) -> Iterator[Remarque]:
        coeur, context = regle.expression.coeur, regle.contexte
        if not self._monde.possible(*context, (coeur, True)):
            yield Remarque(regle.lieu, regle.jamais[1], "avertissement", regle.jamais[0])
        elif not self._monde.possible(*context, (coeur, False)):
            yield Remarque(regle.lieu, regle.toujours[1], "avertissement", regle.toujours[0])
        else:
            yield from self._branches(regle, analyser(regle.expression.texte), coeur, context)

    def _branches(
        self, regle: _Regle, arbre: Arbre, coeur: Coeur, contexte: tuple[But, ...]
    ) -> Iterator[Remarque]:
        """The parts of a rule that change nothing where they stand."""
        if isinstance(arbre, Unaire) and coeur.op == "non":
            yield from self._branches(regle, arbre.operande, coeur.args[0], contexte)
        elif isinstance(arbre, Si):
            yield from self._cas(regle, arbre, coeur, contexte)
        elif isinstance(arbre, Groupe) and coeur.op in ("et", "ou"):
            decisive = coeur.op == "ou"
            for index, (part, inner) in enumerate(zip(arbre.parties, coeur.args, strict=True)):
                others = tuple((arg, not decisive) for n, arg in enumerate(coeur.args) if n != index)
                if not self._monde.possible(*contexte, (inner, decisive)):
                    word = "fausse" if decisive else "vraie"
                    phrase = f"Retirez «\u00a0{ecrire(part)}\u00a0», qui est toujours {word} à cet endroit."
                    yield Remarque(
                        regle.lieu, phrase, "avertissement", "partie_inutile", part.debut, part.fin
                    )
                elif not self._monde.possible(*contexte, (inner, decisive), *others):
                    phrase = f"Retirez «\u00a0{ecrire(part)}\u00a0»\u00a0: le reste de la règle le dit déjà."
                    yield Remarque(
                        regle.lieu, phrase, "avertissement", "partie_inutile", part.debut, part.fin
                    )
                else:
                    yield from self._branches(regle, part, inner, (*contexte, *others))

    def _cas(self, regle: _Regle, arbre: Si, coeur: Coeur, contexte: tuple[But, ...]) -> Iterator[Remarque]:
        test = coeur.args[0]
        for value, part in ((True, arbre.alors), (False, arbre.sinon)):
            if not self._monde.possible(*contexte, (test, value)):
                phrase = f"Retirez «\u00a0{ecrire(part)}\u00a0»\u00a0: ce cas n’arrive jamais."
                yield Remarque(regle.lieu, phrase, "avertissement", "cas_mort", part.debut, part.fin)


def _montre(
    lieu: str, rule: Expression, contexte: tuple[But, ...], quoi: str, *, obligatoire: bool = False
) -> _Regle:
    though = ", alors que sa réponse est obligatoire" if obligatoire else ""
    never = f"Corrigez cette règle, qui est toujours fausse\u00a0: {quoi} ne sera jamais montrée{though}."
    always = (
        f"Retirez cette règle, qui n’est jamais fausse une fois remplie\u00a0: {quoi} est toujours montrée."
    )
    return _Regle(lieu, rule, contexte, ("jamais_montre", never), ("toujours_vrai", always))


def monde_de(definition: Definition) -> Monde:
    """What is true of every form of this definition that is filled as it asks."""
    plan = definition.plan
    shown: dict[str, tuple[Coeur, ...]] = {}
    limits: dict[str, tuple[Borne, ...]] = {}
    computed: dict[str, Coeur] = {}
    for page in definition.pages:
        for champ in page.champs:
            rules = plan.champs[champ.id]
            above = (plan.pages.get(page.id), plan.sections.get((page.id, champ.section)), rules.si)
            shown[champ.id] = tuple(rule.coeur for rule in above if rule is not None)
            limits |= _bornes(champ)
            if rules.calcul is not None:
                computed[champ.id] = rules.calcul.coeur
            for chemin, nom in rules.noms:
                numbers = ((nom.minimum, False), (nom.maximum, True))
                found = tuple(Borne(ZERO, v, most) for v, most in numbers if isinstance(v, Decimal))
                if found:
                    limits[chemin] = found
    return Monde(shown, limits, computed)


def _bornes(champ: Champ) -> dict[str, tuple[Borne, ...]]:
    if champ.type != "date":
        return {}
    written = ((champ.date_min, False), (champ.date_max, True))
    return {champ.id: tuple(_borne(text, most) for text, most in written if text)}


def _borne(texte: str, maximum: bool) -> Borne:
    if relative := re.fullmatch(r"aujourdhui([+-]\d+)?", texte):
        return Borne("aujourdhui", Decimal(int(relative[1] or 0)), maximum)
    if texte[0].isdigit():
        return Borne(ZERO, Decimal(date.fromisoformat(texte).toordinal()), maximum)
    return Borne(texte, Decimal(0), maximum)
