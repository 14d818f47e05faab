"""Official numbers, each with its check: SIRET, RNA, IBAN, NIR, CAF, ANTS pre-demand, licence plate.

Checksums come from python-stdnum; forms without checksum are those that their issuers print.
"""

import re
from typing import TYPE_CHECKING, Any, ClassVar

from stdnum import iban
from stdnum.fr import nir, siret

from app.demarches.types.base import ContexteDeSaisie, TypeSimple, refus
from app.demarches.types.ecriture import par_groupes
from app.socle.langues import N_

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ


class Numero(TypeSimple):
    """A code in one input, typed with or without spaces, points and hyphens, stored without."""

    largeur: ClassVar[str] = "20"
    widget: ClassVar[str] = "code"
    groupes: ClassVar[tuple[int, ...]] = ()

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> str:
        """The code, checked."""
        return self.verifier_code(champ, re.sub(r"[\s.-]", "", texte).upper())

    def verifier_code(self, champ: "Champ", code: str) -> str:
        """The code as it is stored; RefusDeSaisie with what it must look like."""
        return code

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """In groups."""
        return par_groupes(str(valeur), *self.groupes)


class Siret(Numero):
    """The 14 digits of an establishment (and La Poste's own rule)."""

    nom: ClassVar[str] = "siret"
    groupes: ClassVar[tuple[int, ...]] = (3, 3, 3, 5)

    def verifier_code(self, champ: "Champ", code: str) -> str:
        """14 digits, the last one right."""
        if not re.fullmatch(r"[0-9]{14}", code):
            count = len(re.sub(r"[^0-9]", "", code))
            raise refus(
                N_("Indiquez %(sujet)s : 14 chiffres, par exemple 213 502 388 00019 (il y en a %(nombre)s)."),
                champ,
                nombre=count,
                incomplet=count < 14,
            )
        if not siret.is_valid(code):
            raise refus(N_("Vérifiez %(sujet)s : un des 14 chiffres n’est pas le bon."), champ)
        return code


class Rna(Numero):
    """The number of an association in the national register."""

    nom: ClassVar[str] = "rna"

    def verifier_code(self, champ: "Champ", code: str) -> str:
        """W, then nine figures (Corsica and overseas have a letter in second place)."""
        if not re.fullmatch(r"W[0-9][0-9A-Z][0-9]{7}", code):
            raise refus(
                N_("Indiquez %(sujet)s : la lettre W puis 9 chiffres, par exemple W224001234."),
                champ,
                incomplet=len(code) < 10,
            )
        return code


class Iban(Numero):
    """An international bank account number."""

    nom: ClassVar[str] = "iban"
    largeur: ClassVar[str] = "30"
    groupes: ClassVar[tuple[int, ...]] = (4,) * 8

    def verifier_code(self, champ: "Champ", code: str) -> str:
        """Its country's length and structure, its two check digits."""
        if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}", code):
            raise refus(
                N_("Indiquez %(sujet)s : il commence par FR et 2 chiffres, comme sur votre RIB."),
                champ,
                incomplet=len(code) < 14,
            )
        if not iban.is_valid(code):
            raise refus(
                N_("Vérifiez %(sujet)s : un caractère n’est pas le bon. Recopiez-le de votre RIB."),
                champ,
                incomplet=code.startswith("FR") and len(code) < 27,
            )
        return code


class Nir(Numero):
    """A social security number with its key; only forms that the law allows may ask it (décret 2019-341)."""

    nom: ClassVar[str] = "nir"
    groupes: ClassVar[tuple[int, ...]] = (1, 2, 2, 2, 3, 3, 2)

    def verifier_code(self, champ: "Champ", code: str) -> str:
        """15 characters, the key right; Corsica has a letter."""
        if not re.fullmatch(r"[1-478][0-9]{4}[0-9][0-9AB][0-9]{8}", code):
            raise refus(
                N_(
                    "Indiquez %(sujet)s : 15 chiffres avec la clé, "
                    "comme sur la carte Vitale (il y en a %(nombre)s)."
                ),
                champ,
                nombre=len(code),
                incomplet=len(code) < 15,
            )
        if not nir.is_valid(code):
            raise refus(N_("Vérifiez %(sujet)s : un des 15 chiffres n’est pas le bon."), champ)
        return code


class NumeroCaf(Numero):
    """A family benefits number: seven figures, and the letter that some CAF print behind."""

    nom: ClassVar[str] = "numero_caf"
    largeur: ClassVar[str] = "10"
    groupes: ClassVar[tuple[int, ...]] = (7,)

    def verifier_code(self, champ: "Champ", code: str) -> str:
        """Seven figures and perhaps a letter."""
        if not re.fullmatch(r"[0-9]{7}[A-Z]?", code):
            raise refus(
                N_("Indiquez %(sujet)s : 7 chiffres, parfois suivis d’une lettre, par exemple 1234567 A."),
                champ,
                incomplet=len(code) < 7,
            )
        return code


class PredemandeAnts(Numero):
    """The number of an online pre-demand of identity card or passport: ten letters and figures."""

    nom: ClassVar[str] = "predemande_ants"
    largeur: ClassVar[str] = "10"

    def verifier_code(self, champ: "Champ", code: str) -> str:
        """Ten characters."""
        if not re.fullmatch(r"[A-Z0-9]{10}", code):
            raise refus(
                N_("Indiquez %(sujet)s : 10 lettres et chiffres, sur le récapitulatif de la pré-demande."),
                champ,
                incomplet=len(code) < 10,
            )
        return code


# Since 2009: no I, O, U and no SS. Before: figures, letters, département.
_SIV = re.compile(r"(?!SS)([A-HJ-NP-TV-Z]{2})([0-9]{3})(?!SS)([A-HJ-NP-TV-Z]{2})")
_FNI = re.compile(r"([1-9][0-9]{0,3})([A-HJ-NP-TV-Z]{1,3})(0[1-9]|[1-8][0-9]|9[0-5]|2[AB]|97[1-6])")


class Immatriculation(Numero):
    """A licence plate: of today, of before 2009, or of another country where the definition allows it."""

    nom: ClassVar[str] = "immatriculation"
    attributs: ClassVar[frozenset[str]] = frozenset({"etranger"})
    largeur: ClassVar[str] = "10"

    def verifier_code(self, champ: "Champ", code: str) -> str:
        """A French plate, or anything that looks like one where foreign ones are taken."""
        if _SIV.fullmatch(code) or _FNI.fullmatch(code):
            return code
        if champ.etranger and re.fullmatch(r"[A-Z0-9]{2,12}", code):
            return code
        raise refus(
            N_("Indiquez %(sujet)s comme sur la plaque, par exemple AB-123-CD ou 1234 AB 22."),
            champ,
            incomplet=len(code) < 7,
        )

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« AB-123-CD », « 1234 AB 22 »."""
        if found := _SIV.fullmatch(valeur):
            return "-".join(found.groups())
        if found := _FNI.fullmatch(valeur):
            return "\u00a0".join(found.groups())
        return str(valeur)
