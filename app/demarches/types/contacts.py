"""How to reach somebody: e-mail and telephone."""

import hashlib
import re
import secrets
from typing import TYPE_CHECKING, Any, ClassVar

import phonenumbers

from app.demarches.types.base import ContexteDeSaisie, TypeSimple, refus
from app.socle.adresses import parse_email
from app.socle.langues import N_

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ


# A French number that is written in pairs; the library knows the others.
_FRANCE = re.compile(r"\+33[1-79][0-9]{8}")


class _Lus:
    """Addresses and numbers in their final form that were found right: a form reads the same ones several times.

    Only keyed digests are kept, of the last few thousands; they say nothing once the process is gone.
    """

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, None] = {}

    def _digest(self, texte: str) -> bytes:
        return hashlib.blake2b(texte.encode("utf-8", "surrogatepass"), digest_size=16, key=self._key).digest()

    def knows(self, texte: str) -> bool:
        """Whether that text would be read as itself."""
        return self._digest(texte) in self._known

    def note(self, texte: str) -> str:
        """Remembers what reading gave, which is read as itself."""
        self._known[self._digest(texte)] = None
        if len(self._known) > self._size:
            del self._known[next(iter(self._known))]
        return texte


class Courriel(TypeSimple):
    """An e-mail address, normalised; nothing is looked up."""

    nom: ClassVar[str] = "courriel"
    _lus: ClassVar[_Lus] = _Lus()
    widget: ClassVar[str] = "courriel"

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> str:
        """The address, its domain in lower case."""
        if self._lus.knows(texte):
            return texte
        if "@" not in texte:
            raise refus(
                N_("Vérifiez %(sujet)s : il manque le signe @, par exemple nom@exemple.fr."),
                champ,
                incomplet=True,
            )
        try:
            return self._lus.note(parse_email(texte).normalized)
        except ValueError:
            raise refus(
                N_("Vérifiez %(sujet)s : écrivez-la comme nom@exemple.fr, sans espace."),
                champ,
                incomplet=texte.endswith(("@", ".")),
            ) from None


class Telephone(TypeSimple):
    """A telephone number of any country, stored as E.164."""

    nom: ClassVar[str] = "telephone"
    _lus: ClassVar[_Lus] = _Lus()
    widget: ClassVar[str] = "telephone"

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> str:
        """The number in E.164; a French one needs no country code."""
        if self._lus.knows(texte):
            return texte
        try:
            number = phonenumbers.parse(texte, "FR")
            if phonenumbers.is_valid_number(number):
                return self._lus.note(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        except phonenumbers.NumberParseException:
            pass
        digits = len(re.sub(r"[^0-9]", "", texte))
        raise refus(
            N_(
                "Vérifiez %(sujet)s : 10 chiffres, par exemple 02 61 91 00 00, "
                "ou + et l’indicatif d’un autre pays."
            ),
            champ,
            incomplet=digits < 10,
        )

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """In groups, national for France."""
        return afficher_telephone(str(valeur))


def afficher_telephone(valeur: str) -> str:
    """A stored number in groups, national for France; as it is when it cannot be read."""
    if _FRANCE.fullmatch(valeur):
        return "\u00a0".join((f"0{valeur[3]}", valeur[4:6], valeur[6:8], valeur[8:10], valeur[10:]))
    try:
        number = phonenumbers.parse(valeur, "FR")
    except phonenumbers.NumberParseException:
        return valeur
    formats = phonenumbers.PhoneNumberFormat
    shape = formats.NATIONAL if number.country_code == 33 else formats.INTERNATIONAL
    return phonenumbers.format_number(number, shape).replace(" ", "\u00a0")
