"""Messages: headers, injection, addresses, templates of every event in text and HTML."""

import gettext
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import html5lib
import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError, select_autoescape

from app.config import ROOT
from app.socle.mail import (
    MAX_ATTACHMENTS,
    Courriel,
    Emetteur,
    Evenement,
    InvalidAddressError,
    MessageTooLargeError,
    PieceJointe,
    check_address,
    rendre_courriel,
)

NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
EMETTEUR = Emetteur(
    nom="Mairie de Ploërmel",
    opsn="Mégalis Bretagne",
    adresse="ne-pas-repondre@opsn.test",
    telephone="02 97 73 20 73",
    repondre_a="accueil@ploermel.test",
    horaires="Du lundi au vendredi, de 8 h 30 à 12 h",
    couleur="#0b5d4e",
)
COURRIEL = Courriel(
    emetteur=EMETTEUR,
    destinataire="maelys@exemple.test",
    objet="Votre demande « Ploërmel – très très longue » à la mairie de Saint-Jacut-de-la-Mer est bien reçue",
    texte="Bonjour,\n\nà bientôt\n",
    html="<p>à bientôt</p>",
    cle="dossier:1:depot",
    date=NOW,
)
DOSSIER = {
    "numero": "KMN-7F3Q",
    "demarche": "Tournage & <marché> d’été",
    "lien": "https://mon.kumun.test/d/1?a=1&b=2",
}
RENDEZVOUS = {
    "jour": "lundi 7 décembre 2026",
    "heure": "9 h 15",
    "motif": "Carte d’identité",
    "personnes": 2,
    "mode": "sur_place",
    "lieu": "Mairie, 1 place du Champ-au-Roy",
    "acces": "Entrée à droite",
    "consignes": "Une photo d’identité.",
    "lien": "https://guingamp.kumun.test/rendez-vous/suivi?cle=x",
}
CONTEXTS: Mapping[Evenement, dict[str, object]] = {
    Evenement.CODE_CONNEXION: {"code": "482913", "minutes": 10},
    Evenement.DEMANDE_DEPOSEE: DOSSIER | {"recu_le": "22 novembre 2026 à 14 h 05", "accuse": True},
    Evenement.COMPLEMENT_DEMANDE: DOSSIER | {"avant_le": "9 décembre 2026"},
    Evenement.MESSAGE_RECU: DOSSIER,
    Evenement.DECISION_RENDUE: DOSSIER | {"avis": "https://ploermel.kumun.test/satisfaction/x/y"},
    Evenement.RENDEZVOUS_CODE: {"code": "482913"},
    Evenement.RENDEZVOUS_CONFIRME: RENDEZVOUS | {"deplace": False},
    Evenement.RENDEZVOUS_RAPPEL: RENDEZVOUS,
    Evenement.RENDEZVOUS_ANNULE: {name: RENDEZVOUS[name] for name in ("jour", "heure", "motif", "lien")}
    | {"message": "L’agent est absent ce jour-là."},
    Evenement.RESUME_AGENT: {
        "total": 3,
        "lignes": ["2 nouvelles demandes", "1 délai dépassé"],
        "lien": "https://agents.kumun.test/",
    },
    Evenement.INVITATION_AGENT: {
        "de_collectivite": "de Ploërmel",
        "invite_par": "Yann Kerguen",
        "role": "Instructeur",
        "lien": "https://agents.kumun.test/invitation/x",
    },
    Evenement.DEPOT_GUICHET: DOSSIER
    | {"recu_le": "22 novembre 2026 à 14 h 05", "accuse": False, "depose_par": "Gaëlle Le Goff"},
    Evenement.ETAPE: DOSSIER | {"objet": "Votre demande avance", "paragraphes": ["La voirie est consultée."]},
    Evenement.AVIS_DEMANDE: {
        "nom": "Gaëlle Le Goff",
        "de_collectivite": "de Guingamp",
        "demarche": "Occuper la rue ou une place",
        "avant_le": "9 décembre 2026",
        "code": "abcd efgh jkmn",
        "rappel": False,
        "lien": "https://guingamp.kumun.test/avis/x",
    },
    Evenement.DEMANDE_TRANSMISE: DOSSIER | {"organisme": "Guingamp-Paimpol Agglomération"},
    Evenement.TRANSMISSION: {
        "numero": "1234-5678-9012",
        "demarche": "Occuper la rue ou une place",
        "de_collectivite": "de Guingamp",
        "recu_le": "22 novembre 2026",
        "motif": "Cette route est départementale.",
        "pieces_a_part": "plan.pdf",
    },
    Evenement.PLACE_OBTENUE: DOSSIER,
    Evenement.SUPPRESSION_ANNONCEE: DOSSIER | {"suppression_le": "9 décembre 2027"},
    Evenement.TERMES_CONSERVATION: {
        "de_collectivite": "de Guingamp",
        "lignes": ["Occuper la rue ou une place : 3 au terme de leur durée"],
        "lien": "https://agents.kumun.test/conservation",
    },
    Evenement.ECHEANCES: {
        "de_collectivite": "de Guingamp",
        "lignes": ["1234-5678-9012, Occuper la rue ou une place : le silence décidera le 9 décembre 2026"],
        "lien": "https://agents.kumun.test/",
    },
}


@pytest.fixture(scope="module")
def env() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(gettext.NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    return environment


def parsed(courriel: Courriel) -> EmailMessage:
    return message_from_bytes(courriel.as_bytes(), _class=EmailMessage, policy=policy.default)


def render(env: Environment, evenement: Evenement, **changes: object) -> Courriel:
    return rendre_courriel(
        env,
        evenement,
        CONTEXTS[evenement],
        emetteur=replace(EMETTEUR, **changes),  # type: ignore[arg-type]
        destinataire="maelys@exemple.test",
        cle="k",
        date=NOW,
    )


def test_headers_name_the_mairie_and_keep_the_opsn_s_domain() -> None:
    message = parsed(COURRIEL)
    assert message["From"] == "Mairie de Ploërmel via Mégalis Bretagne <ne-pas-repondre@opsn.test>"
    assert message["Reply-To"] == "Mairie de Ploërmel <accueil@ploermel.test>"
    assert message["To"] == "maelys@exemple.test"
    assert message["Subject"] == COURRIEL.objet  # whole, spaces between folded words included
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "fr"
    raw = COURRIEL.as_bytes()
    raw.decode("ascii")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_both_bodies_and_the_attachment_arrive_whole() -> None:
    message = parsed(
        replace(COURRIEL, pieces=(PieceJointe(nom="Accusé de réception n° 1.pdf", contenu=b"%PDF-1"),))
    )
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == "Bonjour,\n\nà bientôt\n"
    assert "à bientôt" in html.get_content()
    (piece,) = message.iter_attachments()
    assert piece.get_filename() == "Accusé de réception n° 1.pdf"
    assert piece.get_content_type() == "application/pdf"
    assert piece.get_payload(decode=True) == b"%PDF-1"


def test_the_opsn_writing_for_itself_is_named_once() -> None:
    emetteur = replace(EMETTEUR, nom="Mégalis Bretagne", repondre_a="")
    message = parsed(replace(COURRIEL, emetteur=emetteur))
    assert message["From"].addresses[0].display_name == "Mégalis Bretagne"
    assert message["Reply-To"] is None


def test_the_same_fact_has_the_same_message_id_and_another_fact_or_person_another() -> None:
    again = replace(COURRIEL, date=NOW.replace(hour=20), texte="autre")
    assert again.message_id == COURRIEL.message_id
    assert COURRIEL.message_id.endswith("@opsn.test>")
    assert replace(COURRIEL, cle="dossier:1:decision").message_id != COURRIEL.message_id
    assert replace(COURRIEL, destinataire="autre@exemple.test").message_id != COURRIEL.message_id


@pytest.mark.parametrize(
    "break_", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85", "\x00\n", "=?utf-8?q?=0D=0A?=\n"]
)
def test_no_header_can_be_smuggled_in(break_: str) -> None:
    hostile = f"Salut{break_}Bcc: tous@exemple.test{break_}{break_}<script>"
    message = parsed(
        replace(
            COURRIEL,
            objet=hostile,
            emetteur=replace(EMETTEUR, nom=hostile),
            pieces=(PieceJointe(nom=f"a/{hostile}.pdf", contenu=b"x"),),
        )
    )
    assert message["Bcc"] is None
    assert set(message.keys()) <= {
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted",
        "X-Auto-Response-Suppress", "Content-Language", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert [a.addr_spec for a in message["From"].addresses] == ["ne-pas-repondre@opsn.test"]


@pytest.mark.parametrize(
    "name", ['Mairie, "centre" <x@y.fr>', "Île-d’Arz, <x@y.fr>", "Guingamp (22)", "a" * 200, "é" * 200]
)
def test_a_name_never_adds_an_address(name: str) -> None:
    courriel = replace(COURRIEL, emetteur=replace(EMETTEUR, nom=name))
    message = parsed(courriel)
    (sender,) = message["From"].addresses
    assert sender.addr_spec == "ne-pas-repondre@opsn.test"
    # RFC 2047 6.2: space between two encoded words is ignored; Python 3.11's address parser keeps it.
    raw = message_from_bytes(courriel.as_bytes())["From"].rpartition(" <")[0]
    assert str(make_header(decode_header(raw))) == f"{name} via Mégalis Bretagne"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "maelys",
        "maelys@",
        "@exemple.fr",
        "a b@exemple.fr",
        "maelys@exemple",
        "maëlys@exemple.fr",
        "maelys@exemple.fr\r\nBcc: x@y.fr",
        "a@exemple.fr, b@exemple.fr",
        "Maëlys <maelys@exemple.fr>",
        "maelys@[127.0.0.1]",
        '"a b"@exemple.fr',
        "a@localhost",
        f"{'a' * 65}@exemple.fr",
    ],
)
def test_an_address_that_no_mail_reaches_is_refused(address: str) -> None:
    with pytest.raises(InvalidAddressError, match="adresse électronique"):
        check_address(address)
    with pytest.raises(InvalidAddressError):
        replace(COURRIEL, destinataire=address)


def test_an_accented_domain_is_written_as_servers_read_it() -> None:
    assert check_address("accueil@mairie-île.fr") == "accueil@xn--mairie-le-w5a.fr"
    assert check_address("Maelys.T@Exemple.FR") == "Maelys.T@exemple.fr"


def test_too_heavy_attachments_are_refused() -> None:
    with pytest.raises(MessageTooLargeError):
        replace(COURRIEL, pieces=(PieceJointe(nom="a.pdf", contenu=b"x" * (MAX_ATTACHMENTS + 1)),))


def test_every_event_has_its_three_files_and_every_folder_its_event() -> None:
    folders = {
        path.name: {file.name for file in path.iterdir()}
        for path in (ROOT / "templates/courriels").iterdir()
        if path.is_dir()
    }
    assert folders == {event.value: {"objet.txt", "corps.txt", "corps.html"} for event in Evenement}


@pytest.mark.parametrize("evenement", list(Evenement))
def test_every_event_renders_whole_with_why_and_the_human_way_out(
    env: Environment, evenement: Evenement
) -> None:
    courriel = render(env, evenement)
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(courriel.html)
    text_of_html = " ".join("".join(tree.find("body").itertext()).split())
    for body in (" ".join(courriel.texte.split()), text_of_html):
        assert "Vous recevez ce message parce que" in body
        assert "Appelez le 02 97 73 20 73 (Mairie de Ploërmel)." in body
        assert "de 8 h 30 à 12 h" in body
        assert "Vous pouvez aussi répondre à ce message." in body
        for key, value in CONTEXTS[evenement].items():
            # `mode` chooses a sentence and is not shown.
            if (
                isinstance(value, str)
                and key != "mode"
                and not (key == "numero" and evenement.value.endswith(("demande", "recu", "rendue")))
            ):
                assert value in body
    assert courriel.objet
    assert len(courriel.objet) < 70
    assert "\n" not in courriel.objet
    assert not re.search(r"\n{3,}|[{}]{2}|&amp;|&#", courriel.texte)
    assert tree.get("lang") == "fr"
    assert not tree.findall(".//script")
    assert not tree.findall(".//img")
    for link in tree.findall(".//a"):
        assert link.get("href") in (CONTEXTS[evenement]["lien"], CONTEXTS[evenement].get("avis"))


@pytest.mark.parametrize("evenement", list(Evenement))
def test_a_missing_variable_is_an_error(env: Environment, evenement: Evenement) -> None:
    for name in CONTEXTS[evenement]:
        context = {key: value for key, value in CONTEXTS[evenement].items() if key != name}
        with pytest.raises(UndefinedError):
            rendre_courriel(
                env, evenement, context, emetteur=EMETTEUR, destinataire="a@exemple.test", cle="k", date=NOW
            )


def test_a_message_without_reply_address_says_so(env: Environment) -> None:
    courriel = render(env, Evenement.MESSAGE_RECU, repondre_a="", horaires="")
    assert "Personne ne lit les réponses" in courriel.texte
    assert "Personne ne lit les réponses" in courriel.html


def test_the_code_is_in_the_body_and_not_in_the_subject(env: Environment) -> None:
    courriel = render(env, Evenement.CODE_CONNEXION)
    assert "482913" in courriel.texte
    assert "482913" not in courriel.objet


def test_a_colour_that_is_not_one_cannot_enter_the_style() -> None:
    with pytest.raises(ValueError, match="colour"):
        replace(EMETTEUR, couleur="red;}</style>")
