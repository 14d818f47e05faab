"""Senders against a real SMTP server: accepted, refused for good, to try again; and the .eml folder."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from app.config import Settings, SettingsError
from app.socle.expediteurs import (
    DossierExpediteur,
    Issue,
    SmtpExpediteur,
    mail_folder,
    make_expediteur,
    sender_address,
)

from .test_mail import COURRIEL

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Behaviour:
    """A server that answers what it is told and keeps what it accepted."""

    def __init__(self) -> None:
        self.mail = self.rcpt = self.data = "250 OK"
        self.delay = 0.0
        self.received: list[Envelope] = []

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail.startswith("2"):
            envelope.mail_from = address
        return self.mail

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.delay)
        if self.data.startswith("2"):
            self.received.append(envelope)
        return self.data


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


def authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
) -> AuthResult:
    return AuthResult(handled=False, success=getattr(data, "password", b"") == b"p@ss")


@pytest.fixture
def server(behaviour: Behaviour) -> Iterator[str]:
    controller = Controller(
        behaviour, hostname="127.0.0.1", port=free_port(), authenticator=authenticate, auth_require_tls=False
    )
    controller.start()
    yield f"127.0.0.1:{controller.port}"
    controller.stop()


async def test_an_accepted_message_arrives_with_the_opsn_s_envelope(
    server: str, behaviour: Behaviour
) -> None:
    outcome = await SmtpExpediteur(f"smtp://{server}").envoyer(COURRIEL)
    assert outcome.issue is Issue.ACCEPTE
    (envelope,) = behaviour.received
    assert envelope.mail_from == "ne-pas-repondre@opsn.test"
    assert envelope.rcpt_tos == ["maelys@exemple.test"]
    assert isinstance(envelope.original_content, bytes)
    message = message_from_bytes(envelope.original_content, policy=policy.default)
    assert message["Message-ID"] == COURRIEL.message_id
    assert message["Subject"] == COURRIEL.objet


@pytest.mark.parametrize(
    ("step", "reply", "issue"),
    [
        ("rcpt", "550 5.1.1 inconnu", Issue.REFUSE),
        ("rcpt", "450 4.2.1 plus tard", Issue.A_REESSAYER),
        ("data", "554 5.7.1 refus", Issue.REFUSE),
        ("data", "452 4.3.1 disque plein", Issue.A_REESSAYER),
        ("mail", "550 5.7.1 pas vous", Issue.A_REESSAYER),
        ("mail", "552 5.3.4 trop gros", Issue.REFUSE),
        ("mail", "451 4.3.0 plus tard", Issue.A_REESSAYER),
    ],
)
async def test_the_server_s_answer_decides(
    server: str, behaviour: Behaviour, step: str, reply: str, issue: Issue
) -> None:
    setattr(behaviour, step, reply)
    outcome = await SmtpExpediteur(f"smtp://{server}").envoyer(COURRIEL)
    assert (outcome.issue, outcome.code) == (issue, int(reply[:3]))
    assert not behaviour.received


async def test_no_answer_in_time_is_tried_again(server: str, behaviour: Behaviour) -> None:
    behaviour.delay = 0.6
    outcome = await SmtpExpediteur(f"smtp://{server}", timeout=0.2).envoyer(COURRIEL)
    assert outcome.issue is Issue.A_REESSAYER


async def test_nobody_listening_is_tried_again() -> None:
    outcome = await SmtpExpediteur(f"smtp://127.0.0.1:{free_port()}", timeout=1).envoyer(COURRIEL)
    assert outcome.issue is Issue.A_REESSAYER
    assert outcome.code is None


async def test_a_server_without_starttls_gets_nothing_when_it_is_required(
    server: str, behaviour: Behaviour
) -> None:
    outcome = await SmtpExpediteur(f"smtp://{server}?starttls=oui").envoyer(COURRIEL)
    assert outcome.issue is Issue.A_REESSAYER
    assert not behaviour.received


async def test_a_wrong_password_is_our_fault_and_not_the_message_s(server: str, behaviour: Behaviour) -> None:
    right = await SmtpExpediteur(f"smtp://kumun:p%40ss@{server}").envoyer(COURRIEL)
    wrong = await SmtpExpediteur(f"smtp://kumun:non@{server}").envoyer(COURRIEL)
    assert (right.issue, wrong.issue) == (Issue.ACCEPTE, Issue.A_REESSAYER)
    assert wrong.code == 535
    assert len(behaviour.received) == 1


async def test_the_folder_keeps_one_file_per_message_for_its_owner_only(tmp_path: Path) -> None:
    sender = DossierExpediteur(tmp_path / "courriels")
    assert (await sender.envoyer(COURRIEL)).issue is Issue.ACCEPTE
    assert (await sender.envoyer(COURRIEL)).issue is Issue.ACCEPTE
    (file,) = (tmp_path / "courriels").iterdir()
    assert file.name == f"{COURRIEL.identifiant}.eml"
    assert file.read_bytes().startswith(b"From: ")
    assert file.stat().st_mode & 0o077 == 0


async def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "courriels").write_text("in the way")
    assert (await DossierExpediteur(tmp_path / "courriels").envoyer(COURRIEL)).issue is Issue.A_REESSAYER


def settings(tmp_path: Path, **values: str) -> Settings:
    return Settings(var=tmp_path, secret_key="s" * 32, master_key="m", **values)  # type: ignore[arg-type]


def test_the_settings_choose_the_sender(tmp_path: Path) -> None:
    local = settings(tmp_path)
    assert isinstance(make_expediteur(local), DossierExpediteur)
    assert mail_folder(local) == tmp_path / "courriels"
    assert sender_address(local) == "ne-pas-repondre@kumun.test"
    real = settings(tmp_path, smtp_url="smtps://u:p@smtp.opsn.test", mail_from="portail@opsn.test")
    assert isinstance(make_expediteur(real), SmtpExpediteur)
    assert sender_address(real) == "portail@opsn.test"


@pytest.mark.parametrize(
    "values",
    [
        {"smtp_url": "smtp://smtp.opsn.test"},
        {"mail_from": "pas une adresse"},
        {"smtp_url": "http://smtp.opsn.test", "mail_from": "a@opsn.test"},
        {"smtp_url": "smtp://", "mail_from": "a@opsn.test"},
        {"smtp_url": "smtp://smtp.opsn.test:port", "mail_from": "a@opsn.test"},
        {"smtp_url": "smtp://smtp.opsn.test?tls=1", "mail_from": "a@opsn.test"},
        {"smtp_url": "smtp://u:p@smtp.opsn.test?starttls=non", "mail_from": "a@opsn.test"},
    ],
)
def test_wrong_settings_stop_the_start(tmp_path: Path, values: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="KUMUN_"):
        make_expediteur(settings(tmp_path, **values))
