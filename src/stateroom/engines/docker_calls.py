"""One place where Docker's failures become ours, and where every call gets its deadline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.errors import Clash, EngineError, Permanent, Retryable

QUICK = 20.0
"""Seconds that a call may take when Docker has nothing to wait for."""


@asynccontextmanager
async def calling(what: str, *, within: float = QUICK) -> AsyncIterator[None]:
    """Everything inside has `within` seconds. what: the sentence's beginning for people, such
    as "start st3f-1a2b3c4d-agent". Raises only EngineError."""
    try:
        async with asyncio.timeout(within):
            yield
    except EngineError:
        raise
    except TimeoutError as error:
        raise Retryable(f"{what}: Docker did not answer within {within:.0f} s", after=5) from error
    except DockerError as error:
        raise translate(what, error) from error
    except (aiohttp.ClientError, OSError) as error:
        raise Retryable(f"{what}: Docker cannot be reached: {error}", after=2) from error


def translate(what: str, error: DockerError) -> EngineError:
    """By HTTP status; 900 is aiodocker's own word for "cannot connect"."""
    message = f"{what}: {error.message.strip()}"
    if error.status == 900:
        return Retryable(message, after=2)
    if error.status == 409:
        return Clash(message)
    if error.status == 400:
        return Permanent(message)
    return Retryable(message)


def absent(error: DockerError) -> bool:
    return error.status == 404


async def ask(
    docker: Docker,
    path: str,
    method: str = "GET",
    *,
    params: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
) -> Any:
    """aiodocker's own way to ask, for what it has no method for or wraps more than we want."""
    return await docker._query_json(
        path, method, params=None if params is None else dict(params), data=body
    )


async def containers(docker: Docker, labels: Sequence[str]) -> list[dict[str, Any]]:
    """The listing of containers in whatever state that carry all of `labels`."""
    params = {"all": "1", "filters": json.dumps({"label": list(labels)})}
    listing: list[dict[str, Any]] = await ask(docker, "containers/json", params=params)
    return listing


async def inspect(docker: Docker, container: str) -> dict[str, Any] | None:
    """One container by name or id, None where there is none."""
    try:
        found: dict[str, Any] = await ask(docker, f"containers/{container}/json")
    except DockerError as error:
        if absent(error):
            return None
        raise
    return found


async def lines(docker: Docker, path: str, params: Mapping[str, Any]) -> AsyncIterator[str]:
    """A stream of JSON lines without a deadline, until Docker ends it."""
    async with _response(docker, path, params) as response:
        async for line in response.content:
            if text := line.decode().strip():
                yield text


async def frames(docker: Docker, path: str, params: Mapping[str, Any]) -> AsyncIterator[bytes]:
    """What a container without a terminal says, piece by piece as Docker framed it: a header of
    eight bytes that ends with the length, then that many bytes. No deadline."""
    async with _response(docker, path, params) as response:
        while True:
            try:
                header = await response.content.readexactly(8)
                yield await response.content.readexactly(int.from_bytes(header[4:]))
            except asyncio.IncompleteReadError:
                return


@asynccontextmanager
async def _response(
    docker: Docker, path: str, params: Mapping[str, Any]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """aiodocker leaves a response open that is not read to its end."""
    async with docker._query(path, params=dict(params), timeout=None) as response:
        try:
            yield response
        finally:
            response.close()
