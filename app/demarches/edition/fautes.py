"""What keeps a definition from being published: each fault with its place, in a sentence for whoever edits it.

The model speaks to developers, in English; here each of its refusals becomes French, and tells the page of the editor
and the input where it is put right.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.demarches.definitions import Definition, Remarque, verifier
from app.demarches.edition.attributs import parties
from app.demarches.edition.gestes import Brut, champs, pages
from app.demarches.edition.libelles import libelle_de, type_de
from app.demarches.edition.lieux import SORTES, de_remarque


@dataclass(frozen=True, slots=True)
class Faute:
    """One fault: `partie` of the definition, page and field where there are some, `cible` the input, `phrase`.

    `regle` is the name of the rule that it speaks of (`lieux`), when it speaks of one.
    """

    phrase: str
    partie: str = "presentation"
    page_id: str = ""
    champ_id: str = ""
    cible: str = ""
    regle: str = ""

    @property
    def lieu(self) -> str:
        """Where, in words short enough for a line."""
        if self.champ_id:
            return f"question « {self.champ_id} »"
        return f"page « {self.page_id} »" if self.page_id else ""


def verifier_contenu(contenu: Brut) -> tuple[Definition | None, list[Faute]]:
    """The definition when it is right, and every fault found when it is not."""
    try:
        definition = Definition.model_validate(contenu, context={"regles": "a_verifier"})
    except ValidationError as error:
        found = _vides(contenu)
        found += [_faute(contenu, fault) for fault in error.errors() if not _vide_deja(fault)]
        return None, list(dict.fromkeys(found))
    except RecursionError:
        return None, [Faute("Cette démarche emboîte trop de conditions les unes dans les autres.")]
    wrong = [_regle(remarque) for remarque in definition.plan.remarques if remarque.gravite == "bloquant"]
    return (None if wrong else definition), wrong


def _regle(remarque: Remarque) -> Faute:
    """A wrong rule, at its place: `pages[demande].champs[debut].si`, `eligibilite[1].regle`."""
    found = re.match(r"pages\[([^\]]+)\](?:\.champs\[([^\]]+)\])?(?:\.([a-z_]+))?", remarque.lieu)
    regle = de_remarque(remarque.lieu)
    if found:
        return Faute(remarque.phrase, "pages", found[1], found[2] or "", found[3] or "", regle)
    return Faute(remarque.phrase, "autres", cible=remarque.lieu.split("[")[0].split(".")[0], regle=regle)


def relire(definition: Definition) -> list[Faute]:
    """What is proved of the rules of a right definition and deserves another look; none of it prevents publishing."""
    return [_regle(remarque) for remarque in verifier(definition) if remarque.gravite != "bloquant"]


def _vides(contenu: Brut) -> list[Faute]:
    """Pages without question, said once and plainly."""
    if contenu.get("genre") == "teleservice" and not pages(contenu):
        return [Faute("Le formulaire n’a pas encore de page : ajoutez-en une.", "pages")]
    return [
        Faute(
            "Cette page n’a pas de question : ajoutez-en une, ou retirez la page.",
            "pages",
            str(page.get("id")),
        )
        for page in pages(contenu)
        if not champs(page) and not page.get("sections")
    ]


def _vide_deja(fault: Any) -> bool:
    return (fault["type"] == "too_short" and fault["loc"][-1:] == ("champs",)) or "needs pages" in fault[
        "msg"
    ]


def phrases_de(error: ValidationError) -> dict[str, str]:
    """The faults of a value on its own: by dotted name of the input, the sentence."""
    return {_cible(fault["loc"]): phrase_de(fault) for fault in error.errors()}


def _faute(contenu: Brut, fault: Any) -> Faute:
    loc: tuple[Any, ...] = tuple(part for part in fault["loc"] if part not in ("Test", "Groupe"))
    phrase = phrase_de(fault)
    if not loc:
        return _sans_place(contenu, fault["msg"], phrase)
    if loc[0] == "pages" and len(loc) > 1 and isinstance(loc[1], int):
        return _dans_une_page(contenu, loc, phrase)
    if loc[0] == "pages":
        return Faute(phrase, "pages")
    genre = str(contenu.get("genre", "teleservice"))
    partie = next((cle for cle, noms in parties(genre).items() if loc[0] in noms), "presentation")
    rule = _nom_de_regle("", loc[1:] if loc[0] == "conservation" else loc)
    return Faute(phrase, partie, cible=_cible(loc), regle=rule)


def _nom_de_regle(prefixe: str, loc: tuple[Any, ...]) -> str:
    """The rule in which a fault of the model is; empty for one that is in none."""
    if not loc or loc[0] not in SORTES:
        return ""
    rang = f".{loc[1] + 1}" if len(loc) > 1 and isinstance(loc[1], int) else ""
    return f"{prefixe}{loc[0]}{rang}" if bool(rang) == SORTES[loc[0]].liste else ""


def _cible(loc: tuple[Any, ...]) -> str:
    """The input of an attribute: its dotted name up to the first number (a row or a line)."""
    names: list[str] = []
    for part in loc:
        if not isinstance(part, str):
            break
        names.append(part)
    return ".".join(names)


def _dans_une_page(contenu: Brut, loc: tuple[Any, ...], phrase: str) -> Faute:
    rangee = contenu.get("pages") or []
    page = rangee[loc[1]] if loc[1] < len(rangee) else {}
    page_id = str(page.get("id", "")) if isinstance(page, dict) else ""
    if len(loc) > 3 and loc[2] == "champs" and isinstance(loc[3], int):
        found = champs(page)
        champ_id = str(found[loc[3]].get("id", "")) if loc[3] < len(found) else ""
        rule = _nom_de_regle(f"champs.{champ_id}.", loc[4:])
        return Faute(phrase, "pages", page_id, champ_id, _cible(loc[4:]), rule)
    rule = _nom_de_regle(f"pages.{page_id}.", loc[2:])
    if len(loc) > 4 and loc[2] == "sections" and isinstance(loc[3], int) and loc[4] == "si":
        sections = page.get("sections") or []
        rule = f"pages.{page_id}.sections.{sections[loc[3]].get('id', '')}.si"
    return Faute(phrase, "pages", page_id, cible=_cible(loc[2:]), regle=rule)


def _sans_place(contenu: Brut, message: str, phrase: str) -> Faute:
    """A fault of the whole: its sentence names the page or the field."""
    known = {str(champ.get("id")): str(page.get("id")) for page in pages(contenu) for champ in champs(page)}
    if named := re.search(r"field (?:id used twice: )?([a-z][a-z0-9_]*)", message):
        return Faute(phrase, "pages", known.get(named[1], ""), named[1], "")
    if named := re.search(r"page (?:id used twice: )?([a-z0-9-]+)", message):
        return Faute(phrase, "pages", named[1], cible="si")
    if "model of decision" in message:
        return Faute(phrase, "decision", cible="decision.visas")
    if named := re.search(r"needs ([a-z_]+)$", message):
        genre = str(contenu.get("genre", "teleservice"))
        partie = next((cle for cle, noms in parties(genre).items() if named[1] in noms), "presentation")
        return Faute(phrase, partie, cible=named[1])
    return Faute(phrase)


# Sentences of the model, to the French that stands for them; groups are put where the numbers are.
_REGLES: tuple[tuple[str, str], ...] = (
    (r"page id used twice: (.+)", "Deux pages ont l’identifiant « {0} »."),
    (r"tariff id used twice: (.+)", "Deux tarifs ont l’identifiant « {0} »."),
    (
        r"an added field has an id that begins with local_",
        "Une question ajoutée a un identifiant qui commence par « local_ ».",
    ),
    (r"field id used twice: (.+)", "Deux questions ont l’identifiant « {0} »."),
    (
        r"field \w+: its limit (\w+) is not an earlier date field",
        "La limite « {0} » n’est pas une date demandée plus haut.",
    ),
    (
        r"the model of decision uses \{(\w+)\}, which is no field with an answer",
        "Le modèle de décision cite {{{0}}}, qui n’est pas une question du formulaire.",
    ),
    (r"(\w+) means nothing for a field of type (\w+)", "« {0} » n’a pas de sens pour une question de ce type."),
    (
        r"options needs at least two options, each valeur once",
        "Il faut au moins deux réponses, chacune avec sa propre valeur enregistrée.",
    ),
    (r"there is no type of field named (.+);.*", "« {0} » n’est pas un type de question connu."),
    (r"motif is empty", "Le motif est vide."),
    (r"motif(?: may take .*|:.*| ends with a backslash)", "Le motif ne peut pas être lu."),
    (r"a field of type formate needs motif and exemple", "Donnez le motif et un exemple qui y répond."),
    (r"exemple is not of the form of motif: (.+)", "L’exemple « {0} » ne répond pas au motif."),
    (r"nested options are for the type listes_liees", "Ces réponses ne peuvent pas en contenir d’autres."),
    (r"listes_liees needs niveaux.*", "Donnez le nom des deux ou trois listes."),
    (r"heure_min is after heure_max", "L’heure de début est après l’heure de fin."),
    (r"min is above max", "Le minimum dépasse le maximum."),
    (
        r"an explanation asks nothing.*",
        "Une explication ne demande rien : elle n’est ni obligatoire ni préremplie.",
    ),
    (r"(\w+) is not a day of the calendar: (.+)", "« {1} » n’est pas une date du calendrier."),
    (
        r"formats must name at least one format, each once",
        "Cochez au moins un format de fichier.",
    ),
    (r"section id used twice: (.+)", "Deux sections ont l’identifiant « {0} »."),
    (
        r"page \S+: a field stands in a section that the page does not have",
        "Une question est dans une section que cette page n’a pas.",
    ),
    (
        r"page \S+: the fields of a section must follow one another",
        "Les questions d’une section doivent se suivre, dans l’ordre des sections.",
    ),
    (
        r"silence means refusal, so voies_recours must say how to appeal.*",
        "Le silence vaut refus : indiquez les voies de recours (article R112-5 du CRPA).",
    ),
    (r"a \w+ needs (\w+)", "Il manque : {0}."),
    (r"a \w+ has no (\w+)", "Ce genre de démarche n’a pas : {0}."),
)  # fmt: skip


def _traduire_regle(message: str) -> str | None:
    plain = message.removeprefix("Value error, ")
    for pattern, sentence in _REGLES:
        if match := re.fullmatch(pattern, plain):
            return sentence.format(*(_nom(group) for group in match.groups()))
    # What the rules of expressions say is already a French sentence.
    return plain if re.search(r"[éèàêç’«]", plain) else None


def _nom(word: str) -> str:
    found = libelle_de(word)
    return found.lower() if found != word.replace("_", " ").capitalize() else word


def phrase_de(fault: Any) -> str:
    """The French sentence of one refusal of the model."""
    kind, values = fault["type"], fault.get("ctx") or {}
    if kind in ("value_error", "assertion_error"):
        found = _traduire_regle(fault["msg"])
        return found or f"Cette valeur n’est pas acceptée (détail technique : {fault['msg'][:200]})."
    maker = _SIMPLES.get(kind)
    if maker is not None:
        return maker(fault, values)
    return f"Cette valeur n’est pas acceptée (détail technique : {kind})."


def _court(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _manque(fault: Any, _values: Any) -> str:
    nom = str(fault["loc"][-1]) if fault["loc"] else ""
    return f"Remplissez « {libelle_de(nom)} »."


def _valeur_connue(fault: Any, values: Any) -> str:
    shown = str(values.get("expected", "")).replace(" or ", ", ").replace("'", "")
    value = fault["input"]
    if fault["loc"][-1:] == ("type",):
        return f"« {_court(value)} » n’est pas un type de question connu. Types : {shown}."
    return f"« {_court(value)} » n’est pas une valeur possible. Valeurs : {shown}."


def _motif(fault: Any, _values: Any) -> str:
    nom = str(fault["loc"][-1]) if fault["loc"] else ""
    value = _court(fault["input"])
    if nom in ("id", "valeur", "champ", "slug"):
        return (
            f"« {value} » : un identifiant s’écrit en minuscules sans accent, chiffres et tiret bas, quarante signes "
            "au plus, et commence par une lettre."
        )
    if nom in ("url", "modele"):
        return f"« {value} » : une adresse commence par https:// et n’a pas d’espace."
    return f"« {value} » n’a pas la forme attendue."


_SIMPLES: dict[str, Callable[[Any, Any], str]] = {
    "missing": _manque,
    "string_too_short": _manque,
    "string_type": lambda f, v: "Un texte est attendu ici.",
    "string_too_long": lambda f, v: f"{v.get('max_length')} caractères au plus.",
    "string_pattern_mismatch": _motif,
    "literal_error": _valeur_connue,
    "enum": _valeur_connue,
    "extra_forbidden": lambda f, v: f"« {_court(f['loc'][-1])} » n’est pas un attribut connu ici.",
    "int_parsing": lambda f, v: f"« {_court(f['input'])} » n’est pas un nombre entier.",
    "int_type": lambda f, v: "Un nombre entier est attendu ici.",
    "int_from_float": lambda f, v: "Un nombre entier est attendu ici.",
    "decimal_parsing": lambda f, v: f"« {_court(f['input'])} » n’est pas un nombre.",
    "decimal_type": lambda f, v: "Un nombre est attendu ici.",
    "bool_parsing": lambda f, v: "Répondez par oui ou par non (true ou false dans un fichier).",
    "bool_type": lambda f, v: "Répondez par oui ou par non (true ou false dans un fichier).",
    "greater_than_equal": lambda f, v: f"{v.get('ge')} au moins.",
    "less_than_equal": lambda f, v: f"{v.get('le')} au plus.",
    "too_short": lambda f, v: f"Il en faut {v.get('min_length')} au moins.",
    "tuple_type": lambda f, v: "Une liste est attendue ici.",
    "model_type": lambda f, v: "Des attributs sont attendus ici, un par ligne.",
    "model_attributes_type": lambda f, v: "Des attributs sont attendus ici, un par ligne.",
    "dict_type": lambda f, v: "Des attributs sont attendus ici, un par ligne.",
}

__all__ = ["Faute", "relire", "type_de", "verifier_contenu"]
