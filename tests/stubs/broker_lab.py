"""A real broker on real sockets, with everything that it has in production: folder of grants,
ledger file, both listeners. Only the providers are stand-ins (model_server.py)."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from stateroom.broker.folder import FolderGrants
from stateroom.broker.grants import Grant, Provider
from stateroom.broker.limits import Bounds
from stateroom.broker.service import Broker
from stateroom.broker.upstream import Upstream

REAL_KEY = "sk-operators-real-key-0123456789"
PRICES = {"m": {"input": 1_000_000.0, "output": 1_000_000.0}}
"""One USD a token: budgets in tests are then counts of tokens."""


def key_sha(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass
class Lab:
    broker: Broker
    grants: FolderGrants
    home: Path
    client: httpx.AsyncClient

    async def give(self, key: str, **changes: Any) -> None:
        """A grant for `key`; by default for models m and n of the provider main."""
        facts: dict[str, Any] = {"cabin": f"cabin-{key}", "tenant": f"tenant-{key}",
                                 "provider": "main", "models": ("m", "n"), **changes}
        await self.grants.put(key_sha(key), Grant(**facts))

    async def provide(self, base_url: str, kind: str = "openai", **changes: Any) -> None:
        facts: dict[str, Any] = {"key": REAL_KEY, "prices": PRICES, **changes}
        await self.grants.put_provider("main", Provider(kind, base_url, **facts))

    async def chat(self, key: str, **body: Any) -> httpx.Response:
        return await self.post(key, json.dumps(chat_body(**body)).encode())

    async def post(
        self, key: str, body: bytes, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return await self.client.post(
            "/v1/chat/completions", content=body,
            headers={"authorization": f"Bearer {key}", **(headers or {})},
        )

    async def usage(self, key: str) -> list[dict[str, Any]]:
        response = await self.ask_steward_side(f"/usage/tenant-{key}")
        days = response.json()["days"]
        assert isinstance(days, list)
        return days

    async def ask_steward_side(self, path: str, method: str = "GET") -> httpx.Response:
        socket = str(self.home / "run" / "broker" / "broker.sock")
        transport = httpx.AsyncHTTPTransport(uds=socket)
        async with httpx.AsyncClient(transport=transport, base_url="http://broker") as client:
            return await client.request(method, path)

    async def taken(self, key: str) -> tuple[int, int, int]:
        """(requests, input tokens, output tokens) of today; zeros when there is nothing."""
        days = await self.usage(key)
        if not days:
            return (0, 0, 0)
        assert len(days) == 1, "a test ran over midnight (UTC)"
        return (days[0]["requests"], days[0]["input_tokens"], days[0]["output_tokens"])

    async def settled(self, key: str, requests: int) -> tuple[int, int, int]:
        """`taken`, once as many requests are settled: a hang-up is noticed a moment later."""
        for _ in range(1000):
            found = await self.taken(key)
            if found[0] >= requests:
                return found
            await asyncio.sleep(0.01)
        raise AssertionError(f"only {found[0]} requests were settled")


def chat_body(**changes: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 10,
            **changes}


def events(response: httpx.Response) -> list[Any]:
    """The documents of a streamed answer; "[DONE]" as itself."""
    payloads = [line.removeprefix("data: ") for line in response.text.splitlines()
                if line.startswith("data: ")]
    return [p if p == "[DONE]" else json.loads(p) for p in payloads]


@asynccontextmanager
async def broker_lab(
    path: Path, bounds: Bounds | None = None, upstream: Upstream | None = None
) -> AsyncIterator[Lab]:
    """path: an empty folder. The broker has ended when this is left."""
    grants = FolderGrants(path / "grants")
    broker = Broker(path / "grants", path / "home", "127.0.0.1", 0, bounds, upstream)
    running = asyncio.create_task(broker.run())
    client = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{broker.port}", timeout=30, verify=False, trust_env=False,
        limits=httpx.Limits(max_connections=None),
    )
    try:
        yield Lab(broker, grants, path / "home", client)
    finally:
        await client.aclose()
        broker.stop()
        await running
