"""Forms of the editor, made from the model itself: each attribute of a page, a question or a part is one input.

A new attribute of the model has its input at once, under its own name until a French one is written here. What no
simple input can hold is written as text (YAML), checked like the rest.
"""

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

from app.demarches.definitions import Champ, Definition, Page
from app.demarches.definitions.champs import SANS_LIEN
from app.demarches.edition.libelles import AIDES, LIBELLES, VALEURS, libelle_de
from app.demarches.types import PROPRES, TYPES
from app.demarches.types.nombres import ecrire_cents, lire_cents
from app.socle.vues import Option

LONGS = frozenset(
    (
        "aide", "intro", "apres", "resume", "texte", "declaration", "voies_recours", "ou", "contact", "fondement",
    )
)  # fmt: skip
# Written on pages of their own (`lieux`).
REGLES = frozenset(("si", "obligatoire_si", "calcul", "controles", "eligibilite", "prix", "routage"))
RANGEES_LIBRES = 3


@dataclass(frozen=True, slots=True)
class Entree:
    """One input, under a dotted name such as `legal.silence.regime`.

    `genre` is one of texte, texte_long, nombre, montant (typed in euros, kept in cents), case, liste, lignes, cases,
    rangees, brut; `colonnes` are the parts of a row; `facultatif` has an empty choice.
    """

    nom: str
    genre: str
    libelle: str
    aide: str = ""
    options: tuple[tuple[str, str], ...] = ()
    colonnes: tuple["Entree", ...] = ()
    facultatif: bool = True

    @property
    def choix(self) -> list[Option]:
        """The options as a list draws them."""
        return [Option(valeur, libelle) for valeur, libelle in self.options]


def _nu(annotation: Any) -> tuple[Any, bool]:
    """The type without Annotated and None, and whether None was there."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        optional = len(parts) < len(get_args(annotation))
        return (_nu(parts[0])[0] if len(parts) == 1 else annotation), optional
    return annotation, False


def _choix(annotation: Any) -> tuple[str, ...] | None:
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return tuple(member.value for member in annotation)
    return None


def _simple(model: type[BaseModel]) -> bool:
    """Whether each attribute of a model fits in one short input."""
    for champ in model.model_fields.values():
        found, _ = _nu(champ.annotation)
        if found not in (str, int, bool, Decimal) and _choix(found) is None:
            return False
    return True


def entree(nom: str, annotation: Any, *, requis: bool = False) -> list[Entree]:
    """The inputs of one attribute: one, or those of its parts when it is a model of its own."""
    found, _ = _nu(annotation)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return [
            part
            for name, field in found.model_fields.items()
            for part in entree(f"{nom}.{name}", field.annotation, requis=requis and field.is_required())
        ]
    court = nom.rsplit(".", 1)[-1]
    genre, options, colonnes = _genre(court, found)
    aide = AIDES.get(nom, AIDES.get(court, ""))
    return [Entree(nom, genre, libelle_de(nom), aide, options, colonnes, not requis)]


_NUS = {bool: "case", int: "nombre", Decimal: "nombre"}


def _genre(court: str, found: Any) -> tuple[str, tuple[tuple[str, str], ...], tuple[Entree, ...]]:
    """The kind of input for a type, its options and its columns."""
    if (values := _choix(found)) is not None:
        return "liste", tuple((value, _valeur(court, value)) for value in values), ()
    if court == "montant" and found is int:
        return "montant", (), ()
    if found in _NUS:
        return _NUS[found], (), ()
    if found is str:
        return ("texte_long" if court in LONGS else "texte"), (), ()
    inner = _nu(get_args(found)[0])[0] if get_origin(found) is tuple else None
    if (values := _choix(inner)) is not None:
        return "cases", tuple((value, _valeur(court, value)) for value in values), ()
    if inner is str:
        return "lignes", (), ()
    if isinstance(inner, type) and issubclass(inner, BaseModel) and _simple(inner):
        return "rangees", (), tuple(e for n, f in inner.model_fields.items() for e in entree(n, f.annotation))
    return "brut", (), ()


def _valeur(court: str, value: str) -> str:
    return VALEURS.get(f"{court}.{value}", VALEURS.get(value, value))


def _de(model: type[BaseModel], noms: Sequence[str]) -> list[Entree]:
    fields = model.model_fields
    return [
        one
        for nom in noms
        if nom in fields
        for one in entree(nom, fields[nom].annotation, requis=fields[nom].is_required())
    ]


def entrees_page() -> list[Entree]:
    """What a page is asked, its fields apart."""
    made = _de(Page, [n for n in Page.model_fields if n not in REGLES | {"id", "champs"}])
    return [
        replace(one, colonnes=tuple(c for c in one.colonnes if c.nom not in REGLES))
        if one.nom == "sections"
        else one
        for one in made
    ]


def regles_du_type(type_: str) -> tuple[str, ...]:
    """The kinds of rules that a question of this type may have."""
    genre = TYPES[type_]
    if not genre.repond and type_ != "piece":
        return ("si",)
    own = ("calcul",) if type_ == "calcul" else ("obligatoire_si",)
    return ("si", *own, "controles")


def entrees_champ(type_: str) -> list[Entree]:
    """What a question of this type is asked, and nothing that means nothing for it."""
    genre = TYPES[type_]
    foreign = PROPRES - genre.attributs | REGLES | {"id", "type"}
    if not genre.repond and type_ != "piece":
        foreign |= {"obligatoire", "prerempli", "autocomplete", "sujet"}
    if type_ in SANS_LIEN or not genre.repond:
        foreign |= {"lien"}
    made = _de(Champ, [name for name in Champ.model_fields if name not in foreign])
    if type_ in ("choix", "choix_multiple"):
        # Their options hold no others: rows are enough. Those of linked lists are written as text.
        columns = tuple(Entree(name, "texte", libelle_de(name)) for name in ("valeur", "libelle", "aide"))
        rows = Entree("options", "rangees", libelle_de("options"), AIDES["options"], colonnes=columns)
        made = [rows if one.nom == "options" else one for one in made]
    return made


PARTIES: dict[str, tuple[str, ...]] = {
    "presentation": (
        "titre", "theme", "resume", "traductions", "mots_cles", "pour_qui", "ce_qu_il_faut", "duree_minutes",
        "delai_traitement", "cout", "tarifs", "textes", "service", "liens", "identites", "representation",
        "declaration",
    ),
    "legal": ("legal",),
    "decision": ("decision",),
    "conservation": ("conservation",),
    "fiche": ("apporter", "ou", "contact", "etapes"),
}  # fmt: skip


def parties(genre: str) -> dict[str, tuple[str, ...]]:
    """The parts of a definition that have a page of their own; what the model gained since goes under « autres »."""
    known = {nom for noms in PARTIES.values() for nom in noms} | {"genre", "slug", "pages"}
    others = tuple(nom for nom in Definition.model_fields if nom not in known)
    found = {**PARTIES, "autres": others} if others else dict(PARTIES)
    dropped = {"legal", "decision", "conservation", "autres"} if genre == "fiche" else {"fiche"}
    return {cle: noms for cle, noms in found.items() if cle not in dropped}


def entrees_partie(genre: str, partie: str) -> list[Entree]:
    """What a part of the definition is asked."""
    made = _de(Definition, [nom for nom in parties(genre)[partie] if nom not in REGLES])
    made = [one for one in made if one.nom != "conservation.durees"]
    if genre == "fiche":
        made = [
            one
            for one in made
            if one.nom not in ("identites", "representation", "declaration", "duree_minutes")
        ]
    return made


def lire_attribut(objet: Any, nom: str) -> Any:
    """The value under a dotted name; None when a part of the way is missing."""
    for part in nom.split("."):
        objet = objet.get(part) if isinstance(objet, dict) else None
    return objet


def vers_saisie(entrees: Sequence[Entree], objet: Mapping[str, Any]) -> dict[str, Any]:
    """What each input shows: text, True, a list of texts, or rows of texts."""
    return {one.nom: _montrer(one, lire_attribut(objet, one.nom)) for one in entrees}


def _montrer(one: Entree, value: Any) -> Any:
    if one.genre == "case":
        return value is True
    if one.genre == "cases":
        return [str(item) for item in value or ()]
    if one.genre == "rangees":
        rows = [row for row in value or () if isinstance(row, dict)]
        return [{c.nom: _montrer_simple(c, row.get(c.nom)) for c in one.colonnes} for row in rows]
    if value is None:
        return ""
    if one.genre == "lignes":
        return "\n".join(str(item) for item in value) if isinstance(value, list) else str(value)
    if one.genre == "brut" and not isinstance(value, str):
        return yaml.safe_dump(value, allow_unicode=True, sort_keys=False).strip()
    return _montrer_simple(one, value)


def _montrer_simple(one: Entree, value: Any) -> str:
    return ecrire_cents(value) if one.genre == "montant" and isinstance(value, int) else _texte(value)


def _texte(value: Any) -> str:
    if value is None:
        return ""
    return ("oui" if value else "") if isinstance(value, bool) else str(value)


class TexteIllisibleError(ValueError):
    """What was typed cannot be read as what the input asks; `nom` is the input."""

    def __init__(self, nom: str, phrase: str) -> None:
        super().__init__(phrase)
        self.nom, self.phrase = nom, phrase


def depuis_saisie(entrees: Sequence[Entree], brut: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The attributes that a form says, nested again; TexteIllisibleError for text that is no YAML or no amount.

    An empty input gives None: the attribute goes back to its default.
    """
    found: dict[str, Any] = {}
    for one in entrees:
        value = _lire(one, brut)
        *way, last = one.nom.split(".")
        place = found
        for part in way:
            place = place.setdefault(part, {})
        place[last] = value
    return {cle: _elaguer(value) for cle, value in found.items()}


def _elaguer(value: Any) -> Any:
    """Without what is empty: a part of which nothing is said is not there."""
    if not isinstance(value, dict):
        return value
    kept = {cle: _elaguer(item) for cle, item in value.items()}
    kept = {cle: item for cle, item in kept.items() if item not in (None, "", [], {})}
    return kept if any(item is not False for item in kept.values()) else None


def _lire(one: Entree, brut: Mapping[str, Sequence[str]]) -> Any:
    typed = [value.replace("\r\n", "\n").strip() for value in brut.get(one.nom, ())]
    first = typed[0] if typed else ""
    if one.genre == "case":
        return first == "oui"
    if one.genre == "cases":
        return [value for value in typed if value]
    if one.genre == "lignes":
        return [line.strip() for line in first.split("\n") if line.strip()]
    if one.genre == "rangees":
        return _lire_rangees(one, brut)
    if one.genre == "nombre":
        return _nombre(first)
    if one.genre == "montant":
        return _lire_montant(one.nom, first)
    if one.genre == "brut":
        return _lire_brut(one.nom, first)
    return first


def _lire_montant(nom: str, first: str) -> int | None:
    cents = lire_cents(first) if first else None
    if first and (cents is None or cents < 0):
        raise TexteIllisibleError(nom, "Indiquez ce montant en euros, par exemple 12,50.")
    return cents


def _nombre(first: str) -> int | str | None:
    plain = first.replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace(",", ".")
    if not plain:
        return None
    return int(plain) if plain.removeprefix("-").isdigit() and len(plain) < 16 else plain


def _lire_rangees(one: Entree, brut: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(500):
        names = {c: f"{one.nom}.{number}.{c.nom}" for c in one.colonnes}
        if not any(name in brut for name in names.values()):
            break
        try:
            row = {c.nom: _lire(_sous(c, name), brut) for c, name in names.items()}
        except TexteIllisibleError as refusal:
            raise TexteIllisibleError(one.nom, f"Ligne {number + 1} : {refusal.phrase}") from None
        kept = {cle: value for cle, value in row.items() if value not in (None, "", False)}
        if kept:
            rows.append(kept)
    return rows


def _sous(colonne: Entree, nom: str) -> Entree:
    return Entree(nom, colonne.genre, colonne.libelle, options=colonne.options)


def _lire_brut(nom: str, first: str) -> Any:
    if not first:
        return None
    if len(first) > 20_000 or "&" in first or "*" in first:
        # Anchors and aliases of YAML are of no use here, and the way of its bombs.
        return first
    try:
        return yaml.safe_load(first)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise TexteIllisibleError(
            nom, "Ce texte ne peut pas être lu : vérifiez les deux-points, les tirets et les décalages."
        ) from None


__all__ = [
    "LIBELLES",
    "RANGEES_LIBRES",
    "REGLES",
    "Entree",
    "TexteIllisibleError",
    "depuis_saisie",
    "entrees_champ",
    "entrees_page",
    "entrees_partie",
    "parties",
    "regles_du_type",
    "vers_saisie",
]
