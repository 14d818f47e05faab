"""The two kinds of mailbox: read once, what was understood removed, what was not left as seen."""

import mailbox
from pathlib import Path

import pytest

from app.config import SettingsError
from app.socle.rebonds import BoiteIndisponibleError, make_boite
from app.socle.rebonds.boites import ImapBoite
from tests.socle.rebonds.imap import serveur_imap

MESSAGES = [b"Subject: un\r\n\r\nun", b"Subject: deux\r\n\r\ndeux"]


def check(url: str) -> None:
    boite = make_boite(url)
    found = list(boite.messages())
    assert sorted(content.replace(b"\r\n", b"\n") for _, content in found) == sorted(
        m.replace(b"\r\n", b"\n") for m in MESSAGES
    )
    boite.retirer(found[0][0])
    boite.laisser(found[1][0])
    boite.fermer()
    again = make_boite(url)
    assert list(again.messages()) == []
    again.fermer()


def test_a_maildir_is_read_and_emptied(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "m")
    for message in MESSAGES:
        box.add(message)
    check(f"maildir:{tmp_path / 'm'}")
    assert len(mailbox.Maildir(tmp_path / "m")) == 1


def test_an_imap_box_is_read_and_emptied() -> None:
    with serveur_imap(MESSAGES) as (url, server):
        check(url)
        assert list(server.messages) == [2]
        assert server.flags[2] == {"\\Seen"}


def test_a_box_that_does_not_answer_in_time_is_unavailable() -> None:
    with serveur_imap([]) as (url, server):
        server.silent = True
        with pytest.raises(BoiteIndisponibleError):
            ImapBoite(url, timeout=0.2)


def test_a_wrong_password_or_folder_is_unavailable_and_the_password_is_not_told(tmp_path: Path) -> None:
    with serveur_imap([]) as (url, _):
        with pytest.raises(BoiteIndisponibleError) as refused:
            make_boite(url.replace("secret", "motdepasse"))
        assert "motdepasse" not in str(refused.value)
        with pytest.raises(BoiteIndisponibleError, match="Autre"):
            make_boite(url.replace("INBOX", "Autre"))
    with pytest.raises(BoiteIndisponibleError):
        make_boite(f"maildir:{tmp_path / 'absent'}")


@pytest.mark.parametrize(
    "url", ["maildir:relatif", "pop3://a@b", "imaps://sans-compte.example", "imap://a:b@distant.example"]
)
def test_an_address_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="KUMUN_MAIL_REBONDS_BOITE"):
        make_boite(url)
