"""How to reach somebody: e-mail and telephone."""

import re
from typing import TYPE_CHECKING, Any, ClassVar

import phonenumbers

from app.demarches.types.base import ContexteDeSaisie, TypeSimple, refus
from app.socle.adresses import parse_email
from app.socle.langues import N_

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ


class Courriel(TypeSimple):
    """An e-mail address, normalised; nothing is looked up."""

    nom: ClassVar[str] = "courriel"
    widget: ClassVar[str] = "courriel"

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> str:
        """The address, its domain in lower case."""
        if "@" not in texte:
            raise refus(
                N_("Vérifiez %(sujet)s : il manque le signe @, par exemple nom@exemple.fr."),
                champ,
                incomplet=True,
            )
        try:
            return parse_email(texte).normalized
        except ValueError:
            raise refus(
                N_("Vérifiez %(sujet)s : écrivez-la comme nom@exemple.fr, sans espace."),
                champ,
                incomplet=texte.endswith(("@", ".")),
            ) from None


class Telephone(TypeSimple):
    """A telephone number of any country, stored as E.164."""

    nom: ClassVar[str] = "telephone"
    widget: ClassVar[str] = "telephone"

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> str:
        """The number in E.164; a French one needs no country code."""
        try:
            number = phonenumbers.parse(texte, "FR")
            if phonenumbers.is_valid_number(number):
                return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
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
    try:
        number = phonenumbers.parse(valeur, "FR")
    except phonenumbers.NumberParseException:
        return valeur
    formats = phonenumbers.PhoneNumberFormat
    shape = formats.NATIONAL if number.country_code == 33 else formats.INTERNATIONAL
    return phonenumbers.format_number(number, shape).replace(" ", "\u00a0")
