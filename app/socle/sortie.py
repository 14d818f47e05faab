"""The way out to addresses that administrators of collectivités gave: https, to public machines only, and signed.

Whoever may write an address must not make the portal look into its own network: the name is resolved here at each
call, every address it gives must be a public one, and the connection goes to the very address that was checked.
Signature and headers are those of Standard Webhooks 1.0 (webhook-id, webhook-timestamp, webhook-signature).
"""

import base64
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

import anyio
import httpx

from app.config import Settings
from app.socle.errors import InvalidInputError

# Seconds for a whole call: whoever answers must take note and work later.
DELAI = 10.0
PREFIXE = "whsec_"


class AdresseRefuseeError(InvalidInputError):
    """An address that the portal does not call."""

    code = "adresse_appelee_refusee"


@dataclass(frozen=True, slots=True)
class Reponse:
    """What became of a call: the HTTP status (0 when there was none) and a short text for the agent."""

    statut: int
    detail: str = ""

    @property
    def livree(self) -> bool:
        """Whether the other side took it."""
        return 200 <= self.statut < 300

    @property
    def definitive(self) -> bool:
        """Whether calling again is of no use: taken, or the address is gone for good (410)."""
        return self.livree or self.statut == 410


class Sortie(Protocol):
    """Something that calls an outside address."""

    def verifier(self, url: str) -> None:
        """AdresseRefuseeError for an address that will never be called; looks nothing up."""

    async def poster(self, url: str, corps: bytes, entetes: Mapping[str, str]) -> Reponse:
        """One try; never raises for what the outside does."""


Resolution = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine knows them."""
    found = await anyio.getaddrinfo(host, port)
    return list(dict.fromkeys(str(sockaddr[0]) for _, _, _, _, sockaddr in found))


def est_publique(adresse: str) -> bool:
    """Whether an IP address is one of the public Internet: no private, loopback, link-local, shared or reserved one."""
    try:
        ip = ipaddress.ip_address(adresse.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return est_publique(str(inner))
        if ip in _NAT64:
            return est_publique(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class SortieHttps:
    """Calls over https. `locale` (a trial on one machine) also takes http to this very machine."""

    def __init__(
        self,
        *,
        locale: bool = False,
        resolution: Resolution = resolve,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`resolution` and `transport` are the outside, which tests replace."""
        self._locale, self._resolution, self._transport = locale, resolution, transport

    def verifier(self, url: str) -> None:
        """https, a name (or a public address), no credentials, no fragment."""
        parts = self._parts(url)
        if self._of_this_machine(parts):
            return
        if parts.scheme != "https":
            raise AdresseRefuseeError("L’adresse doit commencer par https://.")
        host = parts.hostname or ""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            if "." not in host or host.endswith((".local", ".localhost", ".internal")):
                raise AdresseRefuseeError(
                    "Cette adresse n’est pas celle d’un service sur Internet."
                ) from None
        else:
            if not est_publique(host):
                raise AdresseRefuseeError(
                    "Cette adresse est celle d’un réseau privé : elle n’est pas appelée."
                )

    async def poster(self, url: str, corps: bytes, entetes: Mapping[str, str]) -> Reponse:
        """One POST, to an address checked just now, within DELAI; redirects are not followed."""
        try:
            self.verifier(url)
            with anyio.fail_after(DELAI):
                return await self._post(url, corps, entetes)
        except AdresseRefuseeError as refusal:
            return Reponse(0, refusal.message)
        except TimeoutError:
            return Reponse(0, f"pas de réponse en {DELAI:.0f} secondes")
        except OSError:
            return Reponse(0, "adresse introuvable ou injoignable")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Reponse(0, f"échec de la connexion ({type(error).__name__})")

    async def _post(self, url: str, corps: bytes, entetes: Mapping[str, str]) -> Reponse:
        parts = self._parts(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        found = await self._resolution(host, port)
        refused = not found or not all(est_publique(adresse) for adresse in found)
        if refused and not self._of_this_machine(parts):
            return Reponse(0, "cette adresse mène à un réseau privé : elle n’est pas appelée")
        target = httpx.URL(url).copy_with(host=found[0])
        headers = {"host": parts.netloc, "content-type": "application/json", "user-agent": "Kumun", **entetes}
        # Certificates are checked against the name, while the connection goes to the address that was looked at.
        request = httpx.Request(
            "POST", target, headers=headers, content=corps, extensions={"sni_hostname": host}
        )
        transport = self._transport or httpx.AsyncHTTPTransport(verify=True, trust_env=False)
        async with httpx.AsyncClient(transport=transport, timeout=DELAI) as client:
            answer = await client.send(request, stream=True, follow_redirects=False)
            await answer.aclose()
        if answer.is_redirect:
            return Reponse(answer.status_code, "redirection refusée : donnez l’adresse finale")
        return Reponse(answer.status_code, f"réponse {answer.status_code}")

    def _of_this_machine(self, parts: SplitResult) -> bool:
        return self._locale and parts.hostname in {"localhost", "127.0.0.1"}

    def _parts(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            raise AdresseRefuseeError("Cette adresse ne peut pas être lue.") from None
        unsafe = any(char.isspace() or ord(char) < 32 for char in url)
        if unsafe or not parts.hostname or parts.username or parts.password or parts.fragment:
            raise AdresseRefuseeError(
                "Donnez une adresse complète, sans mot de passe ni « # », par exemple https://sig.exemple.fr/kumun."
            )
        return parts


def new_secret() -> str:
    """A secret for one address, as Standard Webhooks writes it."""
    return PREFIXE + base64.b64encode(secrets.token_bytes(32)).decode()


def signer(secret: str, message_id: str, timestamp: int, corps: bytes) -> dict[str, str]:
    """The three headers that prove a call: the receiver computes the same signature with the same secret."""
    key = base64.b64decode(secret.removeprefix(PREFIXE))
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp, corps)
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{digest}",
    }


def make_sortie(settings: Settings) -> Sortie:
    """The way out of this installation."""
    return SortieHttps(locale=settings.local)
