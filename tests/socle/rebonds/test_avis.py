"""What is read of a returned message, and what is not believed."""

from uuid import UUID, uuid4

import pytest

from app.socle.ids import uuid7
from app.socle.rebonds import adresse_retour, lire_avis, lire_jeton
from app.socle.sceau import Sceau
from tests.socle.rebonds.echantillons import EXCHANGE, POSTFIX, VACANCES

SCEAU = Sceau("s" * 40)
RETOUR = "rebonds+jeton@kumun.test"


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def test_a_failure_tells_its_status_and_reason_on_one_line() -> None:
    avis = lire_avis(crlf(POSTFIX.format(retour=RETOUR, action="failed")))
    assert avis is not None
    assert RETOUR in avis.adresses
    assert avis.statut == "5.1.1"
    assert avis.detail == (
        "5.1.1 550 5.1.1 <rozenn@courriel.example>: Recipient address rejected: User unknown"
    )


def test_the_case_of_fields_and_a_comment_change_nothing() -> None:
    avis = lire_avis(EXCHANGE.format(retour=RETOUR).encode())
    assert avis is not None
    assert (avis.statut, avis.detail) == ("5.2.2", "5.2.2 552 5.2.2 mailbox full")


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_is_not_a_failure_is_not_one(action: str) -> None:
    assert lire_avis(crlf(POSTFIX.format(retour=RETOUR, action=action))) is None


@pytest.mark.parametrize(
    "brut",
    [
        b"",
        b"\0\xff\xfe",
        VACANCES.format(retour=RETOUR).encode(),
        b"Content-Type: multipart/report; report-type=delivery-status\n\nno parts",
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=a\n\n--a\n\nx\n--a--\n",
        crlf(POSTFIX.format(retour=RETOUR, action="failed"))[:700],
    ],
)
def test_anything_else_is_no_notification(brut: bytes) -> None:
    assert lire_avis(brut) is None


def test_a_return_address_says_which_message_whatever_the_case_on_the_way() -> None:
    envoi = uuid7()
    adresse = adresse_retour(SCEAU, "rebonds@kumun.test", envoi)
    assert len(adresse.partition("@")[0]) <= 64
    assert lire_jeton(SCEAU, adresse) == envoi
    assert lire_jeton(SCEAU, f"<{adresse.upper()}>") == envoi


def test_an_address_that_we_did_not_make_says_nothing() -> None:
    envoi = uuid4()
    adresse = adresse_retour(SCEAU, "rebonds@kumun.test", envoi)
    other = adresse_retour(SCEAU, "rebonds@kumun.test", UUID(int=envoi.int ^ 1))
    forged = other[:34] + adresse[34:]
    assert lire_jeton(Sceau("t" * 40), adresse) is None
    assert lire_jeton(SCEAU, forged) is None
    assert lire_jeton(SCEAU, "rebonds@kumun.test") is None
