"""Text messages: counted as operators bill them, to mobile numbers, within a monthly quota, not at night.

The way out is an HTTP gateway, the kind that every French provider offers or that a small adapter can speak; its
contract is in docs/exploitation.md and its simulator refuses what a gateway refuses.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import phonenumbers
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Settings, SettingsError
from app.socle.db import fetch
from app.socle.expediteurs import Envoi, Issue
from app.socle.hosts import CollectiviteVue
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre, essayeur

# GSM 03.38 (3GPP TS 23.038 6.2.1): one septet each, and two for those of the extension table.
_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ETENDU = frozenset("^{}\\[~]|€")
# What French typography has that the alphabet lacks, written so that one letter does not double the price.
_REPLI = str.maketrans(
    {
        "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "\u00a0": " ", "\u202f": " ", "–": "-", "—": "-",
        "…": "...", "œ": "oe", "Œ": "OE", "â": "a", "ê": "e", "î": "i", "ô": "o", "û": "u", "ë": "e", "ï": "i",
        "ç": "c", "À": "A", "Â": "A", "È": "E", "Ê": "E", "Ë": "E", "Î": "I", "Ï": "I", "Ô": "O", "Ù": "U", "Û": "U",
        "ÿ": "y",
    }
)  # fmt: skip
SEGMENTS_AU_PLUS = 3
OUVRE, FERME = time(8), time(20)
DELAI = 10.0
_PLUS_TARD = frozenset((401, 403, 408, 425, 429))
_MOBILES = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


def ecrire(texte: str) -> str:
    """The text as it leaves: typography folded to the GSM alphabet, spaces single."""
    return " ".join(texte.translate(_REPLI).split())


def compter(texte: str) -> tuple[int, int, bool]:
    """(length, segments, whether it is in the GSM alphabet) of a text as it leaves.

    160 septets in one message, 153 in each of several; otherwise 70 and 67 UTF-16 units (3GPP TS 23.040).
    """
    if all(char in _GSM7 or char in _ETENDU for char in texte):
        length = sum(2 if char in _ETENDU else 1 for char in texte)
        return length, 1 if length <= 160 else -(-length // 153), True
    length = len(texte.encode("utf-16-be")) // 2
    return length, 1 if length <= 70 else -(-length // 67), False


def numero_mobile(saisi: str) -> str:
    """A number in E.164; ValueError for one that no text message reaches."""
    try:
        number = phonenumbers.parse(saisi, "FR")
    except phonenumbers.NumberParseException as error:
        raise ValueError("ce numéro ne peut pas être lu") from error
    # An overseas mobile (06 39…, 06 90…) typed without its country code is read by its own region.
    for region in ("FR", "RE", "YT", "GP", "MQ", "GF"):
        local = phonenumbers.parse(saisi, region) if not saisi.strip().startswith(("+", "00")) else number
        if phonenumbers.is_valid_number(local) and phonenumbers.number_type(local) in _MOBILES:
            return phonenumbers.format_number(local, phonenumbers.PhoneNumberFormat.E164)
    raise ValueError("ce numéro n’est pas celui d’un téléphone mobile")


def pas_avant(now: datetime, zone: ZoneInfo) -> datetime | None:
    """When a message that is not urgent may leave, if it may not now: from 8 to 20 on the wall clock of `zone`."""
    local = now.astimezone(zone)
    if OUVRE <= local.time() < FERME:
        return None
    day = local.date() + timedelta(days=1 if local.time() >= FERME else 0)
    return datetime.combine(day, OUVRE, zone).astimezone(now.tzinfo)


@dataclass(frozen=True, slots=True)
class Sms:
    """A message ready to go; `cle` tells the same message sent again."""

    a: str
    texte: str
    cle: str


class Passerelle(Protocol):
    """Something that sends text messages."""

    actif: bool

    async def envoyer(self, sms: Sms) -> Envoi:
        """Try once and say what became of it; never raises for what the outside does."""


class SansPasserelle:
    """No gateway is set."""

    actif = False

    async def envoyer(self, sms: Sms) -> Envoi:
        """Refused, and why."""
        return Envoi(Issue.REFUSE, detail="cette installation n’envoie pas de SMS")


class PasserelleHttp:
    """`POST <url>` with {"id", "to", "text"} and a bearer token; 2xx taken, 5xx and the like later, 4xx refused."""

    actif = True

    def __init__(self, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`url` is KUMUN_SMS_URL, whose password is the token; `transport` is replaced by tests."""
        parts = urlsplit(url)
        local = parts.hostname in {"localhost", "127.0.0.1"}
        if parts.scheme not in {"https", "http"} or not parts.hostname or not parts.password:
            raise SettingsError("KUMUN_SMS_URL must be https://:token@host/path")
        if parts.scheme == "http" and not local:
            raise SettingsError("KUMUN_SMS_URL: numbers and texts would travel in clear; use https://")
        host = parts.netloc.rpartition("@")[2]
        self._url = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
        self._headers = {"authorization": f"Bearer {unquote(parts.password)}", "user-agent": "Kumun"}
        self._transport = transport

    async def envoyer(self, sms: Sms) -> Envoi:
        """One try."""
        body = {"id": sms.cle, "to": sms.a, "text": sms.texte}
        try:
            async with httpx.AsyncClient(transport=self._transport, timeout=DELAI) as client:
                answer = await client.post(self._url, json=body, headers=self._headers)
        except httpx.HTTPError as error:
            return Envoi(Issue.A_REESSAYER, detail=type(error).__name__)
        if answer.is_success:
            return Envoi(Issue.ACCEPTE, answer.status_code)
        later = (
            answer.status_code >= 500 or answer.status_code in (401, 403, 408, 425, 429) or answer.is_redirect
        )
        return Envoi(Issue.A_REESSAYER if later else Issue.REFUSE, answer.status_code, _reason(answer))


def _reason(answer: httpx.Response) -> str:
    try:
        said = answer.json()
        return str(said.get("error", ""))[:200] if isinstance(said, dict) else ""
    except ValueError:
        return ""


def make_passerelle(settings: Settings) -> Passerelle:
    """The gateway of the settings; none when KUMUN_SMS_URL is empty. SettingsError for a wrong one."""
    url = settings.sms_url.get_secret_value()
    return PasserelleHttp(url) if url else SansPasserelle()


@dataclass(frozen=True, slots=True)
class Compte:
    """Segments sent this month, and how many may be; `actif`: the installation sends text messages."""

    segments: int
    par_mois: int
    actif: bool


_COMPTE = """
SELECT coalesce((SELECT m.segments FROM socle_sms_mois m WHERE m.collectivite_id = $1 AND m.mois = $2), 0),
  (SELECT q.par_mois FROM socle_sms_quota q WHERE q.collectivite_id = $1)
"""
_PRENDRE = """
INSERT INTO socle_sms_mois AS m (collectivite_id, mois, segments)
  SELECT $1, $2, $3::integer WHERE $3::integer <= $4::integer
ON CONFLICT (collectivite_id, mois) DO UPDATE SET segments = m.segments + $3::integer
  WHERE m.segments + $3::integer <= $4::integer
RETURNING segments
"""
_RENDRE = """
UPDATE socle_sms_mois SET segments = greatest(0, segments - $3::integer) WHERE collectivite_id = $1 AND mois = $2
"""


_QUOTA = """
INSERT INTO socle_sms_quota (collectivite_id, par_mois) VALUES ($1, $2)
ON CONFLICT (collectivite_id) DO UPDATE SET par_mois = $2
"""


async def set_quota(session: AsyncSession, collectivite_id: UUID, par_mois: int) -> None:
    """How many segments a collectivité may send a month (platform role)."""
    await fetch(session, _QUOTA, collectivite_id, par_mois)


async def read_compte(session: AsyncSession, noyau: Noyau, collectivite_id: UUID, now: datetime) -> Compte:
    """How much of its quota a collectivité has used this month."""
    ((used, own),) = await fetch(session, _COMPTE, collectivite_id, now.date().replace(day=1))
    return Compte(used, noyau.settings.sms_par_mois if own is None else own, noyau.passerelle_sms.actif)


@dataclass(frozen=True, slots=True)
class EnvoiSms:
    """What became of a message; `pas_avant` says that it may not leave yet, and nothing was done."""

    envoi: Envoi | None
    pas_avant: datetime | None = None


async def envoyer_sms(
    noyau: Noyau, *, collectivite: CollectiviteVue, a: str, texte: str, cle: str, urgent: bool = False
) -> EnvoiSms:
    """Sends one text message for a collectivité, from a job: within its quota, by day unless urgent, to a mobile.

    Whoever receives it must have agreed: the caller knows that. A refusal is a value, to be shown to somebody; what
    must be tried again gives its part of the quota back. In test mode nothing leaves.
    """
    if essayeur.get():
        return EnvoiSms(Envoi(Issue.ACCEPTE, detail="essai : rien n’est envoyé"))
    now = noyau.clock.now()
    later = None if urgent else pas_avant(now, ZoneInfo(collectivite.fuseau))
    if later is not None:
        return EnvoiSms(None, later)
    written = ecrire(texte)
    segments = compter(written)[1]
    try:
        number = numero_mobile(a)
    except ValueError as error:
        return EnvoiSms(Envoi(Issue.REFUSE, detail=str(error)))
    if segments > SEGMENTS_AU_PLUS:
        return EnvoiSms(
            Envoi(Issue.REFUSE, detail=f"texte trop long : {segments} SMS, {SEGMENTS_AU_PLUS} au plus")
        )
    if not noyau.passerelle_sms.actif:
        return EnvoiSms(await noyau.passerelle_sms.envoyer(Sms(number, written, cle)))
    month = now.date().replace(day=1)
    perimetre = Perimetre.pour_instruction(collectivite.id)
    async with noyau.db.session(perimetre) as session:
        compte = await read_compte(session, noyau, collectivite.id, now)
        taken = await fetch(session, _PRENDRE, collectivite.id, month, segments, compte.par_mois)
    if not taken:
        return EnvoiSms(Envoi(Issue.REFUSE, detail=f"quota du mois atteint ({compte.par_mois} SMS)"))
    sent = await noyau.passerelle_sms.envoyer(Sms(number, written, cle))
    if sent.issue is not Issue.ACCEPTE:
        async with noyau.db.session(perimetre) as session:
            await fetch(session, _RENDRE, collectivite.id, month, segments)
    return EnvoiSms(sent)
