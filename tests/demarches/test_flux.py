"""The stream of news: a dossier that moves is announced within a second, to the desks of its collectivité only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests import cast as acteurs
from tests.cast import Cast
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
Ecoute = tuple[dict[str, Any], "asyncio.Queue[bytes]"]


@asynccontextmanager
async def listening(
    portail: Portail, agent: Any | None
) -> AsyncIterator[tuple[dict[str, Any], "asyncio.Queue[bytes]"]]:
    """What a browser receives of the stream, as it comes: (start of the answer, pieces)."""
    cookie = ""
    if agent is not None:
        cookie = f"__Host-kumun={await portail.ouvrir_session('agents', agent=agent)}"
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    start: dict[str, Any] = {}
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            pieces.put_nowait(message.get("body", b""))

    scope = {
        "type": "http", "method": "GET", "path": "/dossiers/flux", "raw_path": b"/dossiers/flux", "query_string": b"",
        "headers": [(b"host", portail.hote("agents").encode()), (b"cookie", cookie.encode())], "scheme": "https",
        "server": ("x", 443), "client": ("127.0.0.1", 1), "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    task = asyncio.create_task(portail.app(scope, receive, send))
    try:
        await asyncio.wait_for(pieces.get(), 3)
        yield start, pieces
    finally:
        gone.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_new_dossier_is_announced_within_a_second_without_a_connection_held(
    portail: Portail, cast: Cast
) -> None:
    async with listening(portail, cast.agents["maelle"]) as (start, news):
        assert start["status"] == 200
        assert (b"content-type", b"text/event-stream; charset=utf-8") in start["headers"]
        assert portail.noyau.db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        dossier = await acteurs.dossier_depose(portail)
        began = asyncio.get_running_loop().time()
        assert b"event: dossiers" in await asyncio.wait_for(news.get(), 1)
        assert asyncio.get_running_loop().time() - began < 1
        assert str(dossier.id).encode() not in b"".join(news._queue)  # type: ignore[attr-defined]


async def test_another_collectivites_news_are_not_told(portail: Portail, cast: Cast) -> None:
    async with listening(portail, cast.agents["katell"]) as (_, news):
        await acteurs.dossier_depose(portail)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(news.get(), 0.4)
        portail.noyau.annonces.publish()
        assert b"event" in await asyncio.wait_for(news.get(), 1)


async def test_a_draft_and_a_test_are_no_news(portail: Portail, cast: Cast) -> None:
    async with listening(portail, cast.agents["maelle"]) as (_, news):
        await acteurs.brouillon_rempli(portail)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(news.get(), 0.4)


async def test_nobody_listens_without_a_session(portail: Portail, cast: Cast) -> None:
    async with listening(portail, None) as (start, _):
        assert start["status"] in (303, 401)
    assert not portail.noyau.annonces.abonnes


async def test_whoever_listens_is_let_go_when_the_process_stops(portail: Portail, cast: Cast) -> None:
    async with listening(portail, cast.agents["maelle"]) as (_, news):
        portail.app.closing()
        while await asyncio.wait_for(news.get(), 2):
            pass
    assert not portail.noyau.annonces.abonnes
