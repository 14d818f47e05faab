"""A visitor who costs little: plain HTTP on one connection, cookies, forms as a browser sends them."""

import http.client
import re
import secrets
import urllib.parse
from dataclasses import dataclass, field

_ACTION = re.compile(r'action="([^"]+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"')


@dataclass
class Reponse:
    """An answer, read whole."""

    statut: int
    entetes: dict[str, str]
    corps: bytes

    @property
    def suite(self) -> str:
        """Where it redirects, without host."""
        return urllib.parse.urlsplit(self.entetes["location"]).path

    def action(self, contient: str) -> str:
        """Where its form whose address contains that is sent."""
        found: list[str] = _ACTION.findall(self.corps.decode())
        return next(address for address in found if contient in address)

    def caches(self) -> dict[str, str]:
        """The hidden fields of its forms."""
        return dict(_HIDDEN.findall(self.corps.decode()))


@dataclass
class Visiteur:
    """One browser on one host of a web process.

    `requetes` and `instructions` add up what it asked and what it cost, `pages` are the sizes of what it read.
    """

    port: int
    hote: str
    cookies: dict[str, str] = field(default_factory=dict)
    requetes: int = 0
    instructions: int = 0
    compte: str = ""
    pages: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def demander(self, methode: str, chemin: str, corps: bytes | None = None, **entetes: str) -> Reponse:
        """One request; RuntimeError for an answer that is an error."""
        sent = {"Host": f"{self.hote}:{self.port}", **{k.replace("_", "-"): v for k, v in entetes.items()}}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.compte:
            sent["X-Mesure"] = self.compte
        if methode == "POST":
            sent["Origin"] = f"http://{self.hote}:{self.port}"
        try:
            self._http.request(methode, chemin, corps, sent)
            answer = self._http.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # The server closed a connection that had waited too long: it has seen nothing of this request.
            self._http.close()
            self._http.request(methode, chemin, corps, sent)
            answer = self._http.getresponse()
        body = answer.read()
        for cookie in answer.headers.get_all("set-cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        found = Reponse(answer.status, {k.lower(): v for k, v in answer.getheaders()}, body)
        self.requetes += 1
        self.instructions += int(found.entetes.get("x-instructions", 0))
        if found.statut == 200:
            self.pages.append(len(body))
        if found.statut >= 400:
            raise RuntimeError(f"{methode} {chemin}: {found.statut} {body[:2000].decode(errors='replace')}")
        return found

    def get(self, chemin: str, **entetes: str) -> Reponse:
        """Reads a page, redirects not followed."""
        return self.demander("GET", chemin, None, **entetes)

    def post(self, chemin: str, champs: dict[str, str]) -> Reponse:
        """Sends a form."""
        body = urllib.parse.urlencode(champs).encode()
        return self.demander("POST", chemin, body, Content_Type="application/x-www-form-urlencoded")

    def post_multipart(
        self, chemin: str, champs: dict[str, str], fichiers: dict[str, tuple[str, bytes]]
    ) -> Reponse:
        """Sends a form with documents."""
        mark = secrets.token_hex(16)
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in champs.items()
        ]
        for name, (filename, data) in fichiers.items():
            head = (
                f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
                "Content-Type: image/jpeg\r\n\r\n"
            )
            parts += [head.encode(), data, b"\r\n"]
        parts.append(f"--{mark}--\r\n".encode())
        return self.demander(
            "POST", chemin, b"".join(parts), Content_Type=f"multipart/form-data; boundary={mark}"
        )
