"""What a simulated service is given at start, and what it tells about itself: outages, recent refusals."""

import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import httpx

from simulateurs.socle.clients import ClientRegistry
from simulateurs.socle.clock import Clock
from simulateurs.socle.rules import Rule, RuleBook

FetchJson = Callable[[str], Awaitable[object]]


class Outage(StrEnum):
    """How a service fails as a whole."""

    NONE = "aucune"
    REFUSES = "503"
    SILENT = "muette"


async def fetch_json(url: str) -> object:
    """The decoded document at `url`. Raises httpx.HTTPError or ValueError when there is none."""
    async with httpx.AsyncClient(timeout=5) as client:
        answer = await client.get(url)
    answer.raise_for_status()
    return json.loads(answer.text)


@dataclass
class Context:
    """Shared by every simulated service; `base_url` has no trailing slash."""

    base_url: str
    clock: Clock
    clients: ClientRegistry
    rules: RuleBook
    state_folder: Path | None = None
    fetch_json: FetchJson = fetch_json
    # How long a silent service keeps a caller waiting before it hangs up, in seconds.
    silence: float = 120.0
    outages: dict[str, Outage] = field(default_factory=dict)
    refusals: deque[dict[str, str]] = field(default_factory=lambda: deque(maxlen=50))

    def note_refusal(self, rule: Rule, detail: str, client_id: str = "") -> None:
        """Remember a refusal for `GET /_simulateur/`; it holds no personal data and no secret."""
        self.refusals.append(
            {
                "instant": self.clock.now().isoformat(timespec="seconds"),
                "regle": rule.name,
                "preuve": rule.evidence.value,
                "client_id": client_id,
                "detail": detail,
            }
        )
