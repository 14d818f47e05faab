"""Where the rules of a definition stand, under one name each: `champs.debut.si`, `pages.sejour.controles.2`.

A rule is read and written at its place in a definition in progress, valid or not, with what goes with it: the sentence
of a check, the group of a routing, the months of a retention.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.demarches.edition import gestes
from app.demarches.edition.gestes import Brut, GesteRefuseError
from app.socle.errors import NotFoundError

Portee = Literal["avant", "page", "tout"]
MAX_REGLES = 100
ABSENTE = "Cette règle n’est plus dans la démarche."


@dataclass(frozen=True, slots=True)
class Sorte:
    """A kind of rule: what it is called, the words before its sentence, what it gives, what it may look at.

    `cle` holds its text; `avec` are what goes with it (attribute, kind of input); `liste`: there may be several.
    """

    titre: str
    debut: str
    portee: Portee
    cle: str = ""
    avec: tuple[tuple[str, str], ...] = ()
    liste: bool = False
    donne: Literal["booleen", "nombre", "valeur"] = "booleen"


CONTROLE = (("phrase", "texte_long"),)
SORTES: dict[str, Sorte] = {
    "si": Sorte("Quand elle se montre", "Montrée quand", "avant"),
    "obligatoire_si": Sorte("Quand la réponse est obligatoire", "Obligatoire quand", "page"),
    "calcul": Sorte("Ce que vaut la réponse", "Vaut", "avant", donne="valeur"),
    "controles": Sorte("Contrôle", "Acceptée quand", "page", "regle", CONTROLE, liste=True),
    "eligibilite": Sorte(
        "Condition pour déposer", "Dépôt possible quand", "tout", "regle", CONTROLE, liste=True
    ),
    "routage": Sorte("Aiguillage", "Reçue quand", "tout", "si", (("groupe", "texte"),), liste=True),
    "prix": Sorte("Prix", "Le prix est", "tout", donne="nombre"),
    "durees": Sorte(
        "Durée particulière",
        "Gardée ainsi quand",
        "tout",
        "si",
        (("dua_annees", "nombre"), ("motif", "texte")),
        liste=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Lieu:
    """The place of one rule. `page_id`, `section_id` or `champ_id` say what it belongs to; `rang` counts from 1."""

    nom: str
    sorte: str
    page_id: str = ""
    section_id: str = ""
    champ_id: str = ""
    rang: int = 0

    @property
    def genre(self) -> Sorte:
        """Its kind."""
        return SORTES[self.sorte]

    @property
    def remarque(self) -> str:
        """How remarks of the definition name it."""
        parts = [f"pages[{self.page_id}]"] if self.page_id else []
        parts += [f"sections[{self.section_id}]"] if self.section_id else []
        parts += [f"champs[{self.champ_id}]"] if self.champ_id else []
        if self.sorte == "durees":
            parts.append("conservation")
        parts.append(f"{self.sorte}[{self.rang}].{self.genre.cle}" if self.rang else self.sorte)
        return ".".join(parts)


def lieu_de(contenu: Brut, nom: str) -> Lieu:
    """The place of that name; NotFoundError when it leads nowhere in this definition."""
    parts = nom.split(".")
    page_id = section_id = champ_id = ""
    if parts[0] == "champs" and len(parts) > 2:
        champ_id = parts[1]
        page_id = str(gestes.page_du_champ(contenu, champ_id).get("id"))
        parts = parts[2:]
    elif parts[0] == "pages" and len(parts) > 2:
        page_id = parts[1]
        page = gestes.page_de(contenu, page_id)
        parts = parts[2:]
        if parts[0] == "sections" and len(parts) > 2:
            section_id, parts = parts[1], parts[2:]
            _section(page, section_id)
    sorte = parts[0]
    if sorte not in _sortes(page_id, section_id, champ_id) or len(parts) != 1 + SORTES[sorte].liste:
        raise NotFoundError(ABSENTE)
    rang = int(parts[1]) if len(parts) == 2 and re.fullmatch(r"[1-9]\d{0,2}", parts[1]) else 0
    found = Lieu(nom, sorte, page_id, section_id, champ_id, rang)
    if SORTES[sorte].liste and not 1 <= rang <= len(_regles(contenu, found)) + 1:
        raise NotFoundError(ABSENTE)
    return found


def _sortes(page_id: str, section_id: str, champ_id: str) -> tuple[str, ...]:
    if champ_id:
        return ("si", "obligatoire_si", "calcul", "controles")
    if section_id:
        return ("si",)
    return ("si", "controles") if page_id else ("eligibilite", "routage", "prix", "durees")


def de_remarque(lieu: str) -> str:
    """The name of the place that a remark speaks of; empty for one that is no rule with a page of its own."""
    found = re.fullmatch(
        r"(?:pages\[(?P<page>[^\]]+)\]\.)?(?:sections\[(?P<section>[^\]]+)\]\.)?(?:champs\[(?P<champ>[^\]]+)\]\.)?"
        r"(?:conservation\.)?(?P<sorte>[a-z_]+)(?:\[(?P<rang>\d+)\])?(?:\..*)?",
        lieu,
    )
    if found is None or found["sorte"] not in SORTES:
        return ""
    head = (
        f"champs.{found['champ']}." if found["champ"] else f"pages.{found['page']}." if found["page"] else ""
    )
    head += f"sections.{found['section']}." if found["section"] else ""
    return f"{head}{found['sorte']}{'.' + found['rang'] if found['rang'] else ''}"


def _section(page: Brut, section_id: str) -> Brut:
    for section in page.get("sections") or ():
        if isinstance(section, dict) and section.get("id") == section_id:
            return section
    raise NotFoundError(ABSENTE)


def _porteur(contenu: Brut, lieu: Lieu) -> Brut:
    """What the rule belongs to."""
    if lieu.champ_id:
        return gestes.champ_de(contenu, lieu.champ_id)
    if lieu.page_id:
        page = gestes.page_de(contenu, lieu.page_id)
        return _section(page, lieu.section_id) if lieu.section_id else page
    if lieu.sorte == "durees":
        found = contenu.setdefault("conservation", {})
        return found if isinstance(found, dict) else {}
    return contenu


def _regles(contenu: Brut, lieu: Lieu) -> list[Any]:
    found = _porteur(contenu, lieu).get(lieu.sorte)
    return found if isinstance(found, list) else []


def lire(contenu: Brut, lieu: Lieu) -> dict[str, Any]:
    """The rule as `texte`, and what goes with it; empty for one that is not written yet."""
    contenu = copy.deepcopy(contenu)
    if not lieu.genre.liste:
        value = _porteur(contenu, lieu).get(lieu.sorte)
        return {"texte": en_texte(value)} if value is not None else {}
    rules = _regles(contenu, lieu)
    if lieu.rang > len(rules):
        return {}
    rule = rules[lieu.rang - 1]
    if not isinstance(rule, dict):
        return {"texte": en_texte(rule)}
    rest = {cle: rule.get(cle) for cle, _ in lieu.genre.avec}
    return {"texte": en_texte(rule.get(lieu.genre.cle)), **rest}


def en_texte(valeur: Any) -> str:
    """The text of a rule as it stands in a definition in progress; a bare yes or no of a file is one too."""
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    return "" if valeur is None else str(valeur)


def ecrire(contenu: Brut, lieu: Lieu, texte: str, avec: Mapping[str, Any]) -> Brut:
    """The definition with that rule; an empty text takes it away."""
    new = copy.deepcopy(contenu)
    owner = _porteur(new, lieu)
    if not lieu.genre.liste:
        gestes.poser(owner, {lieu.sorte: texte})
        return new
    rules = list(_regles(new, lieu))
    if lieu.rang > MAX_REGLES:
        raise GesteRefuseError(f"Une liste contient {MAX_REGLES} règles au plus.")
    former = rules[lieu.rang - 1] if lieu.rang <= len(rules) else {}
    rule = {**(former if isinstance(former, dict) else {}), lieu.genre.cle: texte, **avec}
    rule = {cle: value for cle, value in rule.items() if value not in (None, "")}
    rules[lieu.rang - 1 : lieu.rang] = [rule] if texte else []
    gestes.poser(owner, {lieu.sorte: rules})
    return new


def deplacer(contenu: Brut, lieu: Lieu, pas: int) -> Brut:
    """The rule one place up or down its list."""
    new = copy.deepcopy(contenu)
    rules = _regles(new, lieu)
    here, there = lieu.rang - 1, lieu.rang - 1 + pas
    if 0 <= here < len(rules) and 0 <= there < len(rules):
        rules[here], rules[there] = rules[there], rules[here]
    return new


def regles_de(contenu: Brut, prefixe: str, sortes: Sequence[str]) -> list[Lieu]:
    """The places of the rules written under a prefix (`champs.debut.`), by kind, in their order."""
    found: list[Lieu] = []
    for sorte in sortes:
        if not SORTES[sorte].liste:
            lieu = lieu_de(contenu, f"{prefixe}{sorte}")
            found += [lieu] if lire(contenu, lieu) else []
            continue
        first = lieu_de(contenu, f"{prefixe}{sorte}.1")
        found += [
            lieu_de(contenu, f"{prefixe}{sorte}.{rang}")
            for rang in range(1, len(_regles(contenu, first)) + 1)
        ]
    return found
