"""A postal address: always accepted as typed; what the national address base adds is kept beside it."""

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
    TEXTE,
    Brut,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    TypeExpression,
    TypeSimple,
    derniere,
    refus,
)
from app.demarches.types.ecriture import nettoyer, plier
from app.demarches.types.repertoires import Entree, communes
from app.socle.langues import N_, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ

LONGUEUR = 255
_MANQUE = {
    "ligne": N_("le numéro et la rue (ou le lieu-dit)"),
    "code_postal": N_("le code postal"),
    "commune": N_("la commune"),
}
_MANQUE_ETRANGER = {"ligne": _MANQUE["ligne"], "commune": N_("la ville et le pays")}

REPERES = ("code_insee", "ban_id", "lon", "lat")
_DEGRES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,8})?")


class Adresse(TypeSimple):
    """Street, complement, postal code and town; with `etranger`, another country's are taken as they are."""

    nom: ClassVar[str] = "adresse"
    attributs: ClassVar[frozenset[str]] = frozenset({"etranger", "sur_place"})
    widget: ClassVar[str] = "adresse"
    parties: ClassVar[tuple[str, ...]] = ("ligne", "complement", "code_postal", "commune")

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> dict[str, Any] | None:
        """The parts, complete."""
        parts = {name: nettoyer(derniere(brut, f"{champ.id}-{name}")) for name in self.parties}
        if not any(parts.values()):
            return None
        for name, text in parts.items():
            if len(text) > LONGUEUR:
                raise refus(N_("Raccourcissez %(sujet)s."), champ, entree=f"{champ.id}-{name}")
        for name, words in (_MANQUE_ETRANGER if champ.etranger else _MANQUE).items():
            if not parts[name]:
                raise refus(
                    N_("Complétez %(sujet)s : il manque %(manque)s."),
                    champ,
                    manque=phrase(words),
                    entree=f"{champ.id}-{name}",
                    incomplet=True,
                )
        parts["code_postal"] = parts["code_postal"].replace(" ", "")
        if not champ.etranger and not re.fullmatch(r"[0-9]{5}", parts["code_postal"]):
            raise refus(
                N_("Complétez %(sujet)s : le code postal a 5 chiffres, par exemple 22200."),
                champ,
                entree=f"{champ.id}-code_postal",
                incomplet=len(parts["code_postal"]) < 5,
            )
        return parts | self._reperes(champ, brut, parts)

    def _reperes(self, champ: "Champ", brut: Brut, parts: Mapping[str, str]) -> dict[str, Any]:
        """What places the address: its commune's INSEE code, and what the national base said when it was chosen there.

        The hidden inputs are a browser's word: they are kept only when they agree with what is written.
        """
        town = _commune_de(parts["code_postal"], parts["commune"])
        if town is None:
            return {}
        found: dict[str, Any] = {"code_insee": town.code}
        hidden = {name: nettoyer(derniere(brut, f"{champ.id}-{name}")) for name in REPERES}
        if hidden["code_insee"] == town.code and re.fullmatch(r"[0-9A-Za-z_-]{5,40}", hidden["ban_id"]):
            found["ban_id"] = hidden["ban_id"]
            point = [float(hidden[name]) for name in ("lon", "lat") if _DEGRES.fullmatch(hidden[name])]
            if len(point) == 2 and abs(point[0]) <= 180 and abs(point[1]) <= 90:
                found |= {"lon": point[0], "lat": point[1]}
        return found

    def prendre(self, champ: "Champ", brut: Brut) -> dict[str, list[str]]:
        """The parts, and the hidden inputs that a suggestion fills."""
        names = (*self.entrees(champ), *(f"{champ.id}-{name}" for name in REPERES))
        return {name: list(brut[name]) for name in names if name in brut}

    def remarque(self, champ: "Champ", valeur: Any, contexte: ContexteDeSaisie) -> str | None:
        """That the address is elsewhere, where the form asks to say so."""
        code = valeur.get("code_insee")
        home = communes().de_code(contexte.code_insee) if contexte.code_insee else None
        if not champ.sur_place or home is None or code in (None, home.code):
            return None
        return phrase(
            N_("Cette adresse n’est pas à %(commune)s : vérifiez qu’elle est bien celle qui est demandée."),
            commune=home.nom,
        )

    def donnees_vue(self, champ: "Champ", tapes: Brut) -> Mapping[str, Any]:
        """The hidden inputs, as they were."""
        return {"reperes": {name: derniere(tapes, f"{champ.id}-{name}") for name in REPERES}}

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """One input per part, hidden ones included."""
        names = (*self.parties, *REPERES)
        return {f"{champ.id}-{part}": [str(text)] for part, text in valeur.items() if part in names}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« 12 rue Notre-Dame, 22200 Guingamp »."""
        town = f"{valeur.get('code_postal', '')} {valeur.get('commune', '')}".strip()
        return ", ".join(part for part in (valeur.get("ligne"), valeur.get("complement"), town) if part)

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """One column per part that a letter needs."""
        headers = {
            "ligne": "adresse",
            "complement": "complément",
            "code_postal": "code postal",
            "commune": "commune",
        }
        return tuple(
            Colonne(f"{champ.id}.{part}", f"{champ.libelle} – {word}") for part, word in headers.items()
        )

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """The parts."""
        return tuple((valeur or {}).get(part) or None for part in self.parties)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """Texts by part."""
        names = (*self.parties, "code_insee")
        return TypeExpression("compose", parties=dict.fromkeys(names, TEXTE))


@functools.lru_cache(maxsize=1024)
def _commune_de(code_postal: str, commune: str) -> Entree | None:
    """The one commune of that name and département; None for a name that the official code does not have there."""
    head = code_postal[:2] if code_postal[:2] not in ("97", "98") else code_postal[:3]
    named = [
        entree
        for entree in communes().nommees(re.sub(r"(?i)\s+cedex.*$", "", commune))
        if entree.precision.startswith(head) and plier(entree.nom) in plier(commune)
    ]
    same = [entree for entree in named if entree.precision == code_postal]
    found = same or named
    return found[0] if len(found) == 1 else None
