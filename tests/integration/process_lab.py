"""The api as a process of its own, on a home that a test made."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from stateroom.layout import Layout
from tests.integration.api_lab import ADMIN
from tests.integration.store_lab import PUBLIC

KEY = {"Authorization": f"Bearer {ADMIN}"}


def made_home(folder: Path) -> Path:
    (folder / "api").mkdir()
    Layout(folder).api_socket.parent.mkdir(parents=True)
    (folder / "api" / "seal.pub").write_bytes(PUBLIC)
    (folder / "api" / "digest.key").write_bytes(bytes(32))
    digest = hashlib.sha256(ADMIN.encode()).hexdigest()
    (folder / "api" / "admin.sha256").write_text(digest)
    return folder


def client(home: Path) -> httpx.AsyncClient:
    """Speaks to the api's socket, as the edge does."""
    return httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(uds=str(Layout(home).api_socket)),
        base_url="http://127.0.0.1:8070/api/v1",
        headers=KEY,
        timeout=20,
    )


@asynccontextmanager
async def process(home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Started, and answering."""
    environ = os.environ | {"STATEROOM_HOME": str(home), "STATEROOM_INSTALLATION": "3f"}
    with (home / "log").open("ab") as log:
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "stateroom.api", env=environ, stdout=log, stderr=log
        )
    try:
        async with client(home) as http:
            while True:
                assert started.returncode is None, (home / "log").read_text()
                try:
                    await http.get("/health")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()
