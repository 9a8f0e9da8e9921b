"""After `up`: what answers must be this installation, and all of its parts must run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from stateroom.errors import Permanent
from stateroom.installation.standing import must_stand
from stateroom.settings import Settings
from tests.contract.edge_lab import free_port

KEY = "sk_own"


@asynccontextmanager
async def answering(home: Path, key: str, status: int = 200) -> AsyncIterator[Settings]:
    """Stands for an api whose admin key this is; with `status` for a call that it accepts. The
    home's own key is KEY."""
    (home / "admin.key").write_text(f"{KEY}\n")

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/api/v1/health":
            return web.Response()
        shown = request.headers.get("Authorization") == f"Bearer {key}"
        return web.Response(status=status if shown else 401)

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    settings = Settings(home=home, api_port=free_port())
    try:
        await web.TCPSite(runner, "127.0.0.1", settings.api_port).start()
        yield settings
    finally:
        await runner.cleanup()


class Parts:
    """Answers each time what does not run then; the last answer again and again."""

    def __init__(self, *down: list[str]) -> None:
        self._down = list(down) or [[]]
        self.asked = 0

    async def __call__(self) -> list[str]:
        self.asked += 1
        return self._down.pop(0) if len(self._down) > 1 else self._down[0]


async def test_it_stands_once_all_parts_run(tmp_path: Path) -> None:
    """One that is only being restarted is waited for."""
    parts = Parts(["broker"], ["edge"], [])
    async with answering(tmp_path, KEY) as settings:
        await must_stand(settings, parts)
    assert parts.asked == 3


async def test_another_installation_on_the_port_is_no_success(tmp_path: Path) -> None:
    """Its health is well, and it does not know our key: the port and its setting are named."""
    async with answering(tmp_path, "sk_of_another") as settings:
        with pytest.raises(Permanent) as told:
            await must_stand(settings, Parts())
    assert f"port {settings.api_port} is not this installation" in told.value.message
    assert "STATEROOM_API_PORT" in told.value.message


async def test_a_part_that_does_not_stay_up_is_no_success(tmp_path: Path) -> None:
    """Although somebody answers on the port. Of the edge, the ports that it needs are named."""
    async with answering(tmp_path, KEY) as settings:
        with pytest.raises(Permanent) as told:
            await must_stand(settings, Parts(["edge", "broker"]), seconds=0)
        assert "edge and broker did not stay up" in told.value.message
        for name in ("HTTPS_PORT", "HTTP_PORT", "API_PORT"):
            assert f"STATEROOM_{name}" in told.value.message
        with pytest.raises(Permanent) as told:
            await must_stand(settings, Parts(["guard"]), seconds=0)
        assert "STATEROOM_" not in told.value.message


async def test_a_program_of_any_other_kind_on_the_port_is_no_success(tmp_path: Path) -> None:
    """It answers something, as nothing of ours does; nobody on it is the same."""
    async with answering(tmp_path, KEY, status=404) as settings:
        with pytest.raises(Permanent, match="did not answer on port"):
            await must_stand(settings, Parts(), seconds=0)
    with pytest.raises(Permanent, match="set STATEROOM_API_PORT"):
        await must_stand(settings, Parts(), seconds=0)
