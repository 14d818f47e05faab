"""`safe_suite` leads nowhere but to a path of the same host, whatever an attacker writes."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.socle.web import safe_suite


@pytest.mark.parametrize(
    ("given_suite", "led_to"),
    [
        ("/", "/"),
        ("/demarches?q=acte#messages", "/demarches?q=acte#messages"),
        ("/dossiers/0190-x/étape", "/dossiers/0190-x/étape"),
        ("", "/"),
        (None, "/"),
        (12, "/"),
        ("demarches", "/"),
        ("//mechant.example", "/"),
        ("///mechant.example", "/"),
        ("/\\mechant.example", "/"),
        ("/a\\..\\b", "/"),
        ("/\t/mechant.example", "/"),
        ("/\n/mechant.example", "/"),
        ("https://mechant.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "a" * 500, "/"),
    ],
)
def test_known_tricks(given_suite: object, led_to: str) -> None:
    assert safe_suite(given_suite) == led_to


@given(
    st.text(alphabet=st.sampled_from("/\\.:@?#%a0 \t\r\n\x00\u2028méchant"), max_size=40)
    | st.text(max_size=60).map(lambda t: "/" + t)
    | st.builds("{}{}".format, st.sampled_from(["/", "//", "/\\", "/%2f", "/.", "\\/", "/\t/"]), st.text())
)
def test_nobody_is_led_elsewhere(text: str) -> None:
    led = safe_suite(text)
    assert led.startswith("/")
    # A browser takes a backslash for a slash, and drops tabs and line ends before reading an address.
    seen = led.replace("\\", "/")
    for dropped in "\t\r\n":
        seen = seen.replace(dropped, "")
    assert urlsplit(urljoin("https://guingamp.kumun.test/x", seen)).netloc == "guingamp.kumun.test"
