"""A place: an address, a point on a map, a drawing, parcels of the cadastre; one of them is enough.

The map is a way to fill inputs that are there without it: who sees no map, or has no script, types an address, the
coordinates or the parcel, and says as much.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
    NOMBRE,
    TEXTE,
    Brut,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    TypeExpression,
    TypeSimple,
    derniere,
    refus,
    sujet,
)
from app.demarches.types.ecriture import afficher_decimal, nettoyer
from app.demarches.types.geometrie import (
    DessinRefuseError,
    croquis,
    ecrire_point,
    forme,
    lire_dessin,
    lire_point,
    longueur,
    points_de,
    surface,
)
from app.socle import vues
from app.socle.langues import N_, Phrase, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ

LONGUEUR = 255
PARCELLES_MAX = 50
# Prefix (a commune that was merged), section, number: « AB 123 », « 0A 45 », « 123 AB 7 ».
_PARCELLE = re.compile(r"(?:(\d{3})[ -]?)?(0?[A-Z]{1,2})[ -]?0{0,3}([1-9]\d{0,3})")
_NUMERO = re.compile(r"(?:num[ée]ro|no|n)[°º.]?\s*(?=\d)|n[°º]\s*|\bsection\b|\bparcelles?\b", re.IGNORECASE)


class Carte(TypeSimple):
    """A GeoJSON FeatureCollection, with `adresse` and `parcelles` beside it."""

    nom: ClassVar[str] = "carte"
    attributs: ClassVar[frozenset[str]] = frozenset({"formes", "cadastre"})
    widget: ClassVar[str] = "carte"

    def verifier(self, champ: "Champ") -> None:
        """At least one shape, each once."""
        if not champ.formes or len(set(champ.formes)) != len(champ.formes):
            raise ValueError("formes: point, ligne, surface, at least one of them, each once")

    def _parties(self, champ: "Champ") -> tuple[str, ...]:
        drawn = any(one != "point" for one in champ.formes)
        wanted = {"coordonnees": "point" in champ.formes, "dessin": drawn, "parcelles": champ.cadastre}
        return ("adresse", *(name for name, asked in wanted.items() if asked))

    def entrees(self, champ: "Champ") -> tuple[str, ...]:
        """The address first."""
        return tuple(f"{champ.id}-{part}" for part in self._parties(champ))

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> dict[str, Any] | None:
        """What locates the place; None when nothing was typed."""
        typed = {
            part: nettoyer(derniere(brut, f"{champ.id}-{part}"), lignes=part == "parcelles")
            for part in self._parties(champ)
        }
        if len(typed["adresse"]) > LONGUEUR:
            raise refus(N_("Raccourcissez %(sujet)s."), champ, entree=f"{champ.id}-adresse")
        features = self._point(champ, typed.get("coordonnees", ""))
        features += self._dessin(champ, typed.get("dessin", ""))
        parcels = self._parcelles(champ, typed.get("parcelles", ""))
        if not (typed["adresse"] or features or parcels):
            return None
        value: dict[str, Any] = {"type": "FeatureCollection", "features": features, "parcelles": parcels}
        return value | ({"adresse": typed["adresse"]} if typed["adresse"] else {})

    def _point(self, champ: "Champ", texte: str) -> list[dict[str, Any]]:
        if not texte:
            return []
        place = lire_point(texte)
        if place is None:
            raise refus(
                N_("Vérifiez %(sujet)s : la latitude puis la longitude, par exemple 48.5612, -3.1498."),
                champ,
                entree=f"{champ.id}-coordonnees",
            )
        return [forme("Point", place)]

    def _dessin(self, champ: "Champ", texte: str) -> list[dict[str, Any]]:
        if not texte:
            return []
        try:
            return lire_dessin(texte, champ.formes)
        except DessinRefuseError:
            raise refus(
                N_("Refaites le dessin de %(sujet)s : celui-ci ne peut pas être lu, ou a trop de points."),
                champ,
                entree=f"{champ.id}-adresse",
            ) from None

    def _parcelles(self, champ: "Champ", texte: str) -> list[dict[str, str]]:
        parts = re.split(r"[,;\n]|\bet\b", _NUMERO.sub(" ", texte))
        found: list[dict[str, str]] = []
        for part in filter(None, (" ".join(part.upper().split()) for part in parts)):
            read = _PARCELLE.fullmatch(part)
            if read is None or len(found) >= PARCELLES_MAX:
                raise refus(
                    N_(
                        "Vérifiez la parcelle « %(parcelle)s » : une section et un numéro, par exemple AB 123."
                    ),
                    champ,
                    parcelle=part[:40],
                    entree=f"{champ.id}-parcelles",
                )
            made = {"section": read[2], "numero": read[3]} | ({"prefixe": read[1]} if read[1] else {})
            if made not in found:
                found.append(made)
        return found

    def manque(self, champ: "Champ") -> Phrase:
        """The ways to say where."""
        model = (
            N_("Indiquez %(sujet)s : une adresse, un endroit sur la carte ou une parcelle.")
            if champ.cadastre
            else N_("Indiquez %(sujet)s : une adresse ou un endroit sur la carte.")
        )
        return phrase(model, sujet=sujet(champ))

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """Each input; the drawing without its point."""
        points = [f for f in valeur["features"] if f["geometry"]["type"] == "Point"]
        drawn = [f for f in valeur["features"] if f["geometry"]["type"] != "Point"]
        found = {
            "adresse": valeur.get("adresse", ""),
            "coordonnees": ecrire_point(points[0]["geometry"]["coordinates"]) if points else "",
            "dessin": json.dumps({"type": "FeatureCollection", "features": drawn}) if drawn else "",
            "parcelles": _ecrire_parcelles(valeur),
        }
        return {f"{champ.id}-{part}": [found[part]] for part in self._parties(champ) if found[part]}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """One line for the address, one per shape, one for the parcels."""
        lines = [valeur.get("adresse", "")]
        lines += [_decrire(item["geometry"]) for item in valeur["features"]]
        parcels = _ecrire_parcelles(valeur)
        lines.append(f"Cadastre\u00a0: {parcels}" if parcels else "")
        return "\n".join(line for line in lines if line)

    def plan(self, champ: "Champ", valeur: Any) -> vues.Plan | None:
        """A sketch of the shapes, and where to see them on a map."""
        drawn = croquis(valeur["features"])
        if drawn is None:
            return None
        lon, lat = points_de(valeur["features"][0]["geometry"])[0]
        return replace(
            drawn,
            liens=(
                vues.Lien(
                    N_("Voir sur la carte de l’IGN"),
                    f"https://www.geoportail.gouv.fr/carte?c={lon},{lat}&z=18&permalink=yes",
                ),
                vues.Lien(N_("Ouvrir dans une application de cartes"), f"geo:{lat},{lon}"),
            ),
        )

    def vue(self, champ: "Champ", tapes: Brut, erreurs: Mapping[str, str] | None = None) -> vues.Champ:
        """Its inputs, and what the map may draw."""
        seen = super().vue(champ, tapes, erreurs)
        values = {part: derniere(tapes, f"{champ.id}-{part}") for part in self._parties(champ)}
        return replace(seen, valeur=values, donnees={"formes": champ.formes})

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """Address, first position, parcels, and the shapes as GeoJSON where something is drawn."""
        columns: tuple[Colonne, ...] = (
            Colonne(f"{champ.id}.adresse", f"{champ.libelle} – adresse"),
            Colonne(f"{champ.id}.lon", f"{champ.libelle} – longitude", "nombre"),
            Colonne(f"{champ.id}.lat", f"{champ.libelle} – latitude", "nombre"),
        )
        if champ.cadastre:
            columns += (Colonne(f"{champ.id}.parcelles", f"{champ.libelle} – parcelles"),)
        if champ.formes != ("point",):
            columns += (Colonne(f"{champ.id}.geojson", f"{champ.libelle} – GeoJSON"),)
        return columns

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """The same, empty for no answer."""
        parts = self.pour_expression(champ, valeur) if valeur else {}
        names = ["adresse", "lon", "lat", *(["parcelles"] if champ.cadastre else [])]
        cells: tuple[Cellule, ...] = tuple(parts.get(name) or None for name in names)
        if champ.formes != ("point",):
            drawn = valeur["features"] if valeur else ()
            text = json.dumps({"type": "FeatureCollection", "features": drawn}) if drawn else None
            # A cell of a spreadsheet holds 32,767 characters: a longer drawing is in the JSON export.
            cells += (text if text is None or len(text) < 32_000 else None,)
        return cells

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """Texts and numbers by part."""
        parts = {"adresse": TEXTE, "parcelles": TEXTE, "lon": NOMBRE, "lat": NOMBRE}
        return TypeExpression("compose", parties=parts)

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """The address, the parcels, and the first position."""
        found: dict[str, Any] = {
            "adresse": valeur.get("adresse", ""),
            "parcelles": _ecrire_parcelles(valeur),
        }
        if valeur["features"]:
            lon, lat = points_de(valeur["features"][0]["geometry"])[0]
            found |= {"lon": Decimal(str(lon)), "lat": Decimal(str(lat))}
        return found


def _ecrire_parcelles(valeur: Mapping[str, Any]) -> str:
    return ", ".join(
        " ".join(part for part in (one.get("prefixe", ""), one["section"], one["numero"]) if part)
        for one in valeur.get("parcelles") or ()
    )


def _decrire(geometrie: dict[str, Any]) -> str:
    places = points_de(geometrie)
    if geometrie["type"] == "Point":
        return f"Point\u00a0: {ecrire_point(places[0])}"
    if geometrie["type"] == "LineString":
        return f"Ligne de {_mesure(longueur(places))}\u00a0m, à partir de {ecrire_point(places[0])}"
    return f"Surface de {_mesure(surface(places))}\u00a0m², à partir de {ecrire_point(places[0])}"


def _mesure(nombre: float) -> str:
    return afficher_decimal(Decimal(round(nombre)))
