"""A steward that the engine does not hear any more ends, and no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import aiodocker
import pytest
from aiohttp import web

from stateroom.errors import Away
from stateroom.steward import hearing as module
from stateroom.steward.hearing import Hearing
from stateroom.steward.wiring import question_to
from tests.world import until


class Engine:
    """Answers on a Unix socket as an engine does; what it says can be told."""

    def __init__(self, path: Path) -> None:
        self.path, self.status, self.asked = path, 200, 0
        self.silence = asyncio.Event()
        self.silence.set()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.path)).start()

    async def stop(self) -> None:
        self.silence.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        await self.silence.wait()
        body = {"ApiVersion": "1.41", "message": "it is busy"}
        return web.json_response(body, status=self.status)

    async def until_asked(self, times: int) -> None:
        await until(lambda: self.asked >= times)


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    # Not pytest's folder: the path of a Unix socket has room for some 100 bytes.
    with TemporaryDirectory(prefix="engine-") as folder:
        made = Engine(Path(folder) / "docker.sock")
        await made.start()
        yield made
        await made.stop()


@pytest.fixture
async def docker(engine: Engine) -> AsyncIterator[aiodocker.Docker]:
    async with aiodocker.Docker(f"unix://{engine.path}") as client:
        yield client


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.05)
    monkeypatch.setattr(module, "PATIENCE", 0.2)


@pytest.mark.parametrize("how", ["gone", "silent"])
async def test_a_steward_that_is_not_heard_ends_with_a_sentence(
    engine: Engine, docker: aiodocker.Docker, how: str
) -> None:
    """Its socket is nobody's any more, or nobody answers there: it says why it ends."""
    if how == "gone":
        await engine.stop()
    engine.silence.clear()
    with pytest.raises(Away, match="Docker was not reached"):
        await asyncio.wait_for(Hearing(lambda: 0.0, question_to(docker)).run(), 20)


async def test_an_engine_that_answers_anything_is_heard(
    engine: Engine, docker: aiodocker.Docker
) -> None:
    """A busy or broken engine is no reason to end."""
    engine.status = 500
    running = asyncio.create_task(Hearing(lambda: 0.0, question_to(docker)).run())
    await engine.until_asked(12)
    assert not running.done()
    running.cancel()


async def test_nobody_asks_while_passes_go_well(engine: Engine, docker: aiodocker.Docker) -> None:
    """They are proof enough; only when they fail the engine itself is asked."""
    now, looks = [100.0], 0

    def heard() -> float:
        nonlocal looks
        looks += 1
        return 100.0

    running = asyncio.create_task(Hearing(heard, question_to(docker), lambda: now[0]).run())
    await until(lambda: looks >= 5)
    assert engine.asked == 0
    now[0] = 200.0
    await engine.until_asked(3)
    assert not running.done()
    running.cancel()
