"""A browser in process: cookies per host, redirects followed from host to host, every page checked as it is read."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from lxml import html

from tests.outillage.regles_page import faults_of_answer, faults_of_page

Fichier = tuple[str, bytes, str]


class Page:
    """An answer that was read: `statut`, `url`, and for HTML its tree, its `titre` and its words."""

    def __init__(self, navigateur: Navigateur, answer: httpx.Response) -> None:
        self.navigateur = navigateur
        self.answer = answer
        self.statut = answer.status_code
        self.url = str(answer.url)
        self.chemin = answer.url.raw_path.decode()
        self.texte = ""
        self.is_html = answer.headers.get("content-type", "").startswith("text/html") and bool(answer.text)
        if self.is_html:
            self.arbre: html.HtmlElement = html.document_fromstring(answer.text)
            self.texte = " ".join(self.arbre.text_content().split())

    @property
    def titre(self) -> str:
        """The one h1."""
        return " ".join(self.arbre.xpath("string(//h1)").split())

    def liens(self, contient: str = "") -> list[str]:
        """The absolute addresses of the links whose text or address contains a word."""
        found = [(a.text_content(), a.get("href")) for a in self.arbre.xpath("//a[@href]")]
        return [urljoin(self.url, href) for text, href in found if contient in text or contient in href]

    def formulaire(self, action: str = "") -> html.FormElement:
        """The one form whose address contains `action`."""
        forms = [
            f for f in self.arbre.forms
            if action in (f.get("action") or "") and (action or "deconnexion" not in (f.get("action") or ""))
        ]  # fmt: skip
        forms = [f for f in forms if action or (f.get("method") or "get").lower() == "post"]
        assert len(forms) == 1, f"{len(forms)} forms for {action!r} in {self.url}: {self.texte[:300]}"
        return forms[0]

    def champs(self, action: str = "") -> list[tuple[str, str]]:
        """What a browser would send of that form, unchanged: (name, value) in order, without any button."""
        return [(name, value) for name, value in self.formulaire(action).form_values() if name is not None]

    async def envoyer(
        self,
        valeurs: dict[str, str | list[str]] | None = None,
        *,
        action: str = "",
        fichiers: dict[str, Fichier] | None = None,
        suivre: bool = True,
    ) -> Page:
        """Fills the form and sends it; a field that the form does not have is a fault of the test."""
        form = self.formulaire(action)
        names = set(form.xpath(".//@name"))
        given = valeurs or {}
        assert set(given) <= names, f"not in the form: {set(given) - names}"
        fields = [(name, value) for name, value in self.champs(action) if name not in given]
        for name, value in given.items():
            fields += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        target = urljoin(self.url, form.get("action") or self.url)
        multipart = form.get("enctype") == "multipart/form-data"
        files: list[tuple[str, Any]] = list((fichiers or {}).items())
        assert multipart or not files, "this form sends no file"
        if (form.get("method") or "get").lower() == "get":
            return await self.navigateur.get(target, params=dict(fields), suivre=suivre)
        if multipart:
            parts = [(name, (None, value)) for name, value in fields if name not in (fichiers or {})]
            return await self.navigateur.post(target, files=[*parts, *files], suivre=suivre)
        return await self.navigateur.post(target, fields, suivre=suivre)


class Navigateur:
    """One person's browser. Paths without host are of `hote`; `verifier=False` lets a faulty page pass."""

    def __init__(
        self, portail: Any, simulateurs: Any, hote: str, *, host_base: str, verifier: bool = True
    ) -> None:
        self.hote = hote
        self.verifier = verifier
        self._host_base = host_base
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(portail),
            mounts={"all://simulateurs.test": httpx.ASGITransport(simulateurs)},
            event_hooks={"response": [self._check]},
            headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
            follow_redirects=False,
            max_redirects=12,
        )

    async def _check(self, answer: httpx.Response) -> None:
        if self.verifier and self._ours(answer.url):
            faults = faults_of_answer(answer)
            assert not faults, f"{answer.url}: {faults}"

    def _ours(self, url: httpx.URL) -> bool:
        return url.host == self._host_base or url.host.endswith(f".{self._host_base}")

    def url(self, path: str) -> str:
        """The absolute address of a path on this browser's host."""
        return urljoin(f"https://{self.hote}/", path)

    async def requete(self, method: str, path: str, *, suivre: bool = True, **options: Any) -> Page:
        """Any request; its answer checked."""
        url = self.url(path)
        if method == "POST":
            parts = urlsplit(url)
            sent = {"origin": f"{parts.scheme}://{parts.netloc}", "sec-fetch-site": "same-origin"}
            options["headers"] = {**sent, **(options.get("headers") or {})}
        answer = await self.client.request(method, url, follow_redirects=suivre, **options)
        page = Page(self, answer)
        if self.verifier and page.is_html and self._ours(answer.url):
            whole = "<html" in answer.text[:200].lower()
            faults = faults_of_page(answer.text, page.arbre, whole=whole)
            assert not faults, f"{page.url} ({page.statut}): {faults}"
        return page

    async def get(self, path: str, *, suivre: bool = True, **options: Any) -> Page:
        """Reads a page, redirects followed unless told not to."""
        return await self.requete("GET", path, suivre=suivre, **options)

    async def post(
        self,
        path: str,
        fields: list[tuple[str, str]] | dict[str, str] | None = None,
        *,
        suivre: bool = True,
        **options: Any,
    ) -> Page:
        """Posts a form as it is given: nothing is added but what a browser adds."""
        if fields is not None:
            data: dict[str, list[str]] = {}
            for name, value in fields.items() if isinstance(fields, dict) else fields:
                data.setdefault(name, []).append(value)
            options["data"] = data
        return await self.requete("POST", path, suivre=suivre, **options)

    def cookie(self, name: str, hote: str = "") -> str | None:
        """The value of one of our cookies on a host (this browser's own by default)."""
        return self.client.cookies.get(f"__Host-{name}", domain=hote or self.hote)

    def set_cookie(self, name: str, value: str, hote: str = "") -> None:
        """Plants a cookie, as the host would have set it."""
        self.client.cookies.set(f"__Host-{name}", value, domain=hote or self.hote)

    async def connecter_usager(self, personne: str = "rozenn", suite: str = "/", hote: str = "") -> Page:
        """The whole journey through FranceConnect's simulator; the page where it ends."""
        start = f"https://{hote or self.hote}/connexion/franceconnect"
        page = await self.get(start, params={"suite": suite})
        assert "/interaction/" in page.url, f"{page.statut} {page.url} {page.texte[:300]}"
        await self.post(f"{page.url}/identite", {"personne": personne}, suivre=False)
        return await self.post(f"{page.url}/continuer", {})

    async def connecter_agent(self, agent: str = "maelle", suite: str = "/") -> Page:
        """The whole journey through ProConnect's simulator; the page where it ends."""
        page = await self.get("/connexion/proconnect", params={"suite": suite})
        assert "/interaction/" in page.url, f"{page.statut} {page.url} {page.texte[:300]}"
        return await self.post(f"{page.url}/identite", {"agent": agent})

    async def close(self) -> None:
        """Shuts the browser."""
        await self.client.aclose()
