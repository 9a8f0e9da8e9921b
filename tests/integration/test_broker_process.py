"""The broker as its own process, as it runs in production: started, ended and killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from stateroom.broker.folder import FolderGrants
from tests.stubs.broker_lab import Lab, key_sha
from tests.stubs.model_server import ModelServer, answers, echoes_the_key, hangs


@asynccontextmanager
async def broker_process(home: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {**os.environ, "STATEROOM_HOME": str(home), "STATEROOM_BROKER_PORT": str(port),
                   "STATEROOM_GRANTS": str(home / "grants")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stateroom.broker", env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )
    try:
        await _answers(port, process)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _answers(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(20), httpx.AsyncClient(verify=False, trust_env=False) as client:
        while process.returncode is None:
            try:
                await client.get(f"http://127.0.0.1:{port}/healthz")
                return
            except httpx.ConnectError:
                await asyncio.sleep(0.02)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def client_of(home: Path, port: int) -> AsyncIterator[Lab]:
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, timeout=30, verify=False, trust_env=False) as client:
        yield Lab(None, FolderGrants(home / "grants"), home, client)  # type: ignore[arg-type]


async def test_killed_in_the_middle_it_comes_back_with_everything(tmp_path: Path) -> None:
    """After kill -9 during a call: grants are there at once, what was counted is kept, and the
    call that was cut off is charged as reserved."""
    port = free_port()
    async with ModelServer(answers()) as server, client_of(tmp_path, port) as lab:
        await lab.provide(server.base_url)
        await lab.give("a", monthly_budget_usd=1000)
        async with broker_process(tmp_path, port) as process:
            assert (await lab.chat("a")).status_code == 200
            server.behave = hangs
            cut_off = asyncio.create_task(lab.chat("a"))
            await server.until_seen(2)
            process.send_signal(signal.SIGKILL)
            with pytest.raises(httpx.TransportError):
                await cut_off
        server.behave = answers()
        async with broker_process(tmp_path, port):
            requests, sent, made = await lab.taken("a")
            assert (requests, made) == (2, 5 + 10)
            assert sent > 10
            assert (await lab.chat("a")).status_code == 200
            assert (await lab.taken("a"))[0] == 3


async def test_it_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """SIGTERM ends it with exit code 0, nothing under way is left unsettled."""
    port = free_port()
    async with ModelServer(answers()) as server, client_of(tmp_path, port) as lab:
        await lab.provide(server.base_url)
        await lab.give("a")
        async with broker_process(tmp_path, port) as process:
            await lab.chat("a")
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0
        async with broker_process(tmp_path, port):
            assert await lab.taken("a") == (1, 10, 5)


async def test_a_second_one_on_the_same_home_says_why_it_ends(tmp_path: Path) -> None:
    """The second process ends with 1 and a sentence, and leaves the first one's socket alone."""
    port = free_port()
    async with broker_process(tmp_path, port), client_of(tmp_path, port) as lab:
        async with broker_process(tmp_path, port) as second:
            output, _ = await second.communicate()
            assert second.returncode == 1
        assert b"Another broker" in output
        assert b"Traceback" not in output
        assert (await lab.ask_steward_side("/healthz")).status_code == 200


async def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    """A port in use is a sentence that names the setting, not a traceback."""
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        environment = {**os.environ, "STATEROOM_HOME": str(tmp_path), "STATEROOM_GRANTS": "/none",
                       "STATEROOM_BROKER_PORT": str(taken.getsockname()[1])}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "stateroom.broker", env=environment,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"broker_port" in errors
    assert b"Traceback" not in errors


async def test_no_key_is_ever_logged(tmp_path: Path) -> None:
    """Neither the operator's key nor a cabin's is in what the process writes, whatever fails."""
    port = free_port()
    async with ModelServer(answers()) as server, client_of(tmp_path, port) as lab:
        await lab.provide(server.base_url, key="sk-operators-secret")
        await lab.give("cabin-secret-key")
        async with broker_process(tmp_path, port) as process:
            await lab.chat("cabin-secret-key")
            await lab.chat("wrong-secret-key")
            await lab.post("cabin-secret-key", b"not json")
            for status in (401, 500):
                server.behave = echoes_the_key(status)
                await lab.chat("cabin-secret-key")
            broken = tmp_path / "grants" / "grants" / f"{key_sha('x')}.d.json"
            broken.write_text('{"cabin": "cabin-secret-key"')
            await lab.chat("cabin-secret-key")
            process.send_signal(signal.SIGTERM)
            output, _ = await process.communicate()
    assert b"secret" not in output
    assert b"answered 401" in output

