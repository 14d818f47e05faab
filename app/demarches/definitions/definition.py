"""A version of a démarche as one frozen value, its canonical bytes and its content address.

Two versions are the same if and only if their address is: a dossier pins the one it was filled with.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, StringConstraints, ValidationInfo, model_validator

from app.demarches.definitions.base import Aiguillage, Controle, Fige, Formule, IdChamp, Texte
from app.demarches.definitions.champs import Champ
from app.demarches.definitions.legal import Conservation, Decision, Legal, Service
from app.demarches.definitions.parcours import Parcours
from app.demarches.definitions.regles import Plan, preparer
from app.socle.langues import N_


class Theme(StrEnum):
    """The families under which démarches are shown, in the order of display."""

    PAPIERS = "papiers"
    CITOYENNETE = "citoyennete"
    FAMILLE = "famille"
    VOIRIE = "voirie"
    TRANQUILLITE = "tranquillite"
    ASSOCIATIONS = "associations"
    CIMETIERE = "cimetiere"


THEMES: dict[Theme, str] = {
    Theme.PAPIERS: N_("Papiers et état civil"),
    Theme.CITOYENNETE: N_("Élections et citoyenneté"),
    Theme.FAMILLE: N_("Enfance et école"),
    Theme.VOIRIE: N_("Rue et espace public"),
    Theme.TRANQUILLITE: N_("Tranquillité et sécurité"),
    Theme.ASSOCIATIONS: N_("Associations, salles et fêtes"),
    Theme.CIMETIERE: N_("Cimetière"),
}

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
# What a model of decision may use beside the ids of fields.
# A word of a model; a part follows a dot, for a field made of several questions: `{enfant.prenoms}`.
MOT = re.compile(r"\{([a-z0-9_]+)(?:\.([a-z0-9_]+))?\}")
MOTS_DU_DOSSIER = frozenset({"demandeur", "personne_concernee", "numero", "date_depot", "commune"})


class Section(Fige):
    """A titled part of a page; its fields say that they belong to it, `si` drops them all."""

    id: IdChamp
    titre: Texte
    aide: str = ""
    si: Formule | None = None


class Page(Fige):
    """One screen of the form; `si` drops it whole.

    It may be given as a list of `sections` that hold their `champs`; it is kept as one list of fields, each
    with the id of its section, so that whoever needs the fields need not know of sections.
    """

    id: Slug
    titre: Texte
    intro: str = ""
    si: Formule | None = None
    sections: tuple[Section, ...] = ()
    champs: tuple[Champ, ...] = Field(min_length=1)
    controles: tuple[Controle, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _fields_out_of_sections(cls, data: object) -> object:
        if not isinstance(data, dict) or not isinstance(data.get("sections"), list | tuple):
            return data
        return data | _a_plat(data["sections"], data.get("champs", ()))

    @model_validator(mode="after")
    def _sections_in_order(self) -> Self:
        order = [section.id for section in self.sections]
        if twice := _first_twice(order):
            raise ValueError(f"section id used twice: {twice}")
        places = [order.index(champ.section) for champ in self.champs if champ.section in order]
        if len(places) < sum(1 for champ in self.champs if champ.section):
            raise ValueError(f"page {self.id}: a field stands in a section that the page does not have")
        if places != sorted(places):
            raise ValueError(f"page {self.id}: the fields of a section must follow one another")
        return self

    def section(self, section_id: str) -> Section | None:
        """The section of that id, None for a field that stands under none."""
        return next((found for found in self.sections if found.id == section_id), None)


class Textes(Fige):
    """Longer texts of the presentation page."""

    intro: str = ""
    apres: str = ""


class Traduction(Fige):
    """Title and summary in another language; a summary left out is read in French."""

    titre: Texte
    resume: str = ""


class Traductions(Fige):
    """What a démarche is called in the other languages of pages (docs/langues.md)."""

    br: Traduction | None = None
    en: Traduction | None = None

    def dans(self, langue: str) -> Traduction | None:
        """The translation into that language, None for French or where there is none."""
        return {"br": self.br, "en": self.en}.get(langue)


class Tarif(Fige):
    """A price that each collectivité may set for itself, in cents; rules name it `tarif.<id>`, in euros."""

    id: IdChamp
    libelle: Texte
    montant: int = Field(ge=0, le=100_000_000)


class Lien(Fige):
    """A link to an official page."""

    titre: Texte
    url: str = Field(pattern=r"^https://\S+$")


class Definition(Fige):
    """One version of a démarche: a téléservice (a form) or a fiche (what to bring, where, how).

    Refused when loaded: ids used twice, a rule that is wrong or looks at a later, absent or answerless field,
    a téléservice without its legal part, a fiche with a form. With the validation context
    `{"regles": "a_verifier"}`, wrong rules are no refusal: they are told by `verifier` and have no effect.
    """

    genre: Literal["teleservice", "fiche"]
    slug: Slug
    titre: Texte
    theme: Theme
    resume: Texte
    traductions: Traductions = Traductions()
    mots_cles: tuple[Texte, ...] = ()
    pour_qui: Texte
    ce_qu_il_faut: tuple[Texte, ...] = ()
    duree_minutes: int | None = Field(default=None, ge=1, le=240)
    delai_traitement: str = ""
    cout: Texte
    tarifs: tuple[Tarif, ...] = ()
    textes: Textes = Textes()
    service: Service
    liens: tuple[Lien, ...] = ()

    identites: tuple[Literal["franceconnect", "courriel", "aucune"], ...] = ()
    # For whom it may be done beside oneself: asked before the first page.
    representation: tuple[Literal["enfant", "mandat"], ...] = ()
    pages: tuple[Page, ...] = ()
    legal: Legal | None = None
    declaration: str = ""
    parcours: Parcours | None = None
    decision: Decision | None = None
    conservation: Conservation | None = None
    eligibilite: tuple[Controle, ...] = ()
    prix: Formule | None = None
    routage: tuple[Aiguillage, ...] = ()

    apporter: tuple[Texte, ...] = ()
    ou: str = ""
    contact: str = ""
    etapes: tuple[Texte, ...] = ()

    _plan: Plan = PrivateAttr(default_factory=Plan)

    @model_validator(mode="after")
    def _complete_for_its_genre(self) -> Self:
        form: tuple[str, ...] = (
            "identites",
            "pages",
            "legal",
            "declaration",
            "conservation",
            "duree_minutes",
        )
        card: tuple[str, ...] = ("ou", "contact")
        if self.genre == "teleservice":
            wanted, foreign = form, (*card, "apporter", "etapes")
        else:
            wanted, foreign = card, (*form, "decision", "parcours", "representation")
        for name in wanted:
            if not getattr(self, name):
                raise ValueError(f"a {self.genre} needs {name}")
        for name in foreign:
            if getattr(self, name):
                raise ValueError(f"a {self.genre} has no {name}")
        return self

    @model_validator(mode="after")
    def _coherent_form(self, info: ValidationInfo) -> Self:
        pages = [page.id for page in self.pages]
        if twice := _first_twice([tarif.id for tarif in self.tarifs]):
            raise ValueError(f"tariff id used twice: {twice}")
        if twice := _first_twice(pages):
            raise ValueError(f"page id used twice: {twice}")
        if twice := _first_twice([champ.id for champ in self.champs()]):
            raise ValueError(f"field id used twice: {twice}")
        seen: dict[str, Champ] = {}
        for page in self.pages:
            for champ in page.champs:
                _check_bounds(champ, seen)
                seen[champ.id] = champ
        self._check_models(seen)
        self._check_pieces(seen)
        self._plan = preparer(self)
        wrong = [remark for remark in self._plan.remarques if remark.gravite == "bloquant"]
        if wrong and (info.context or {}).get("regles") != "a_verifier":
            raise ValueError(" ".join(f"{remark.lieu} : {remark.phrase}" for remark in wrong))
        return self

    @property
    def prix_votes(self) -> dict[str, Decimal]:
        """The tariffs as rules name them (`tarif.<id>`), in euros."""
        return {f"tarif.{tarif.id}": Decimal(tarif.montant) / 100 for tarif in self.tarifs}

    @property
    def plan(self) -> Plan:
        """Its rules, ready to evaluate; a copy with other rules must be validated to get its own."""
        return self._plan

    def _check_pieces(self, champs: dict[str, Champ]) -> None:
        """What the legal part calls a piece is one of the form."""
        for champ_id in self.legal.pieces_accessoires if self.legal else ():
            if champ_id not in champs or champs[champ_id].type != "piece":
                raise ValueError(f"legal.pieces_accessoires: {champ_id} is no piece of the form")

    def _check_models(self, champs: dict[str, Champ]) -> None:
        model, parcours = self.decision, self.parcours
        if parcours is not None:
            parcours.check_champs({id_: champ.type for id_, champ in champs.items()})
        texts = (*model.visas, *model.articles_acceptation, *model.articles_refus) if model else ()
        for what, used in (
            ("the model of decision", texts),
            ("the parcours", parcours.textes if parcours else ()),
        ):
            for word in sorted(mots_de(*used)):
                if word not in MOTS_DU_DOSSIER and (word not in champs or not champs[word].repond):
                    raise ValueError(f"{what} uses {{{word}}}, which is no field with an answer")
            for word, part in (found for texte in used for found in MOT.findall(texte) if found[1]):
                champ = champs.get(word)
                if champ is None or champ.champs or part not in {sub.id for sub in champ.sous_champs}:
                    raise ValueError(f"{what} uses {{{word}.{part}}}, which is no part of an answer")

    def champs(self) -> Iterator[Champ]:
        """Every field, in the order of filling."""
        for page in self.pages:
            yield from page.champs

    def titre_en(self, langue: str) -> str:
        """Its title in that language, in French where it has no other."""
        found = self.traductions.dans(langue)
        return found.titre if found else self.titre

    @property
    def brouillon_jours(self) -> int:
        """How long an untouched draft is kept, in days; 0 where there is nothing to fill."""
        return self.conservation.brouillon_jours if self.conservation else 0

    def champ(self, champ_id: str) -> Champ:
        """The field of that id; KeyError when there is none."""
        for champ in self.champs():
            if champ.id == champ_id:
                return champ
        raise KeyError(champ_id)

    def depend(self, champs: Collection[str]) -> bool:
        """Whether some rule reads one of these fields, or one of them refers to another by its own limits."""
        if not self._plan.lus.isdisjoint(champs):
            return True
        return any(champ.id in champs and champ.genre.champs_cites(champ) for champ in self.champs())

    def page(self, page_id: str) -> Page:
        """The page of that id; KeyError when there is none."""
        for page in self.pages:
            if page.id == page_id:
                return page
        raise KeyError(page_id)


def mots_de(*textes: str) -> set[str]:
    """The `{words}` used in texts, those of `{word.part}` among them."""
    return {word for texte in textes for word, _ in MOT.findall(texte)}


def canonical_bytes(contenu: Fige) -> bytes:
    """The one way to write a definition or an overlay: JSON, sorted keys, NFC, UTF-8, defaults left out.

    Leaving defaults out keeps old addresses valid when the model grows; so a default never changes meaning.
    """
    data = contenu.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return unicodedata.normalize("NFC", text).encode()


def empreinte(contenu: Fige) -> str:
    """Content address: SHA-256 of the canonical bytes, 64 hexadecimal characters."""
    return hashlib.sha256(canonical_bytes(contenu)).hexdigest()


def _a_plat(sections: Sequence[Any], champs: Sequence[Any]) -> dict[str, Any]:
    """Sections that hold their fields, as sections and fields that name theirs."""
    titles: list[Any] = []
    fields = list(champs)
    for index, section in enumerate(sections, 1):
        if not isinstance(section, dict) or not ("champs" in section or "id" not in section):
            titles.append(section)
            continue
        section_id = section.get("id", f"section{index}")
        titles.append({"id": section_id, **{key: v for key, v in section.items() if key != "champs"}})
        within = section.get("champs", ())
        fields += [{**champ, "section": section_id} if isinstance(champ, dict) else champ for champ in within]
    return {"sections": titles, "champs": fields}


def _first_twice(ids: list[str]) -> str | None:
    return next((item for index, item in enumerate(ids) if item in ids[:index]), None)


def _check_bounds(champ: Champ, seen: dict[str, Champ]) -> None:
    for other in champ.genre.champs_cites(champ):
        if other not in seen or seen[other].type != "date":
            raise ValueError(f"field {champ.id}: its limit {other} is not an earlier date field")
