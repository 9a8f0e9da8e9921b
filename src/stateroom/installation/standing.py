"""Whether an installation stands: all of its parts run, and what answers on its port is its own.

Another installation, or any other program, may have the ports already. Its answers would be taken
for ours, and our edge would be restarted for ever meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import httpx

from stateroom.errors import Permanent
from stateroom.layout import Layout
from stateroom.settings import Settings

STANDS_WITHIN = 60.0

Down = Callable[[], Awaitable[Sequence[str]]]
"""The names of the parts that do not run just now."""


async def must_stand(settings: Settings, down: Down, seconds: float = STANDS_WITHIN) -> None:
    """Comes back once every part runs and the api takes the home's own key. Raises Permanent with
    what to do when it does not within that time, or takes another key."""
    key = _own_key(Layout(settings.home))
    deadline = asyncio.get_running_loop().time() + seconds
    # A proxy of the environment has no business here, and none with the key.
    async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
        while True:
            missing = await down()
            # First: a key is not shown to whoever has the port that our edge should have.
            status = 0 if missing else await _status(client, settings, key)
            if status == 200:
                return
            if status == 401:
                raise Permanent(_somebody_else(settings))
            if asyncio.get_running_loop().time() >= deadline:
                raise Permanent(_does_not_stand(settings, missing, seconds))
            await asyncio.sleep(0.1)


async def _status(client: httpx.AsyncClient, settings: Settings, key: str) -> int:
    """Of a call that needs a key and nothing else; without a key, of the one that needs none. 0
    where nobody answers."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    path = "templates" if key else "health"
    try:
        return (await client.get(f"{settings.api_url}/{path}", headers=headers)).status_code
    except httpx.HTTPError:
        return 0


def _own_key(layout: Layout) -> str:
    """"" for somebody who may use Docker and not read the key."""
    try:
        return layout.admin_key.read_text().strip()
    except PermissionError:
        return ""


def _somebody_else(settings: Settings) -> str:
    return (
        f"what answers on port {settings.api_port} is not this installation: another one has the"
        f" port. Stop that one, or set {_PORTS} to other ports"
    )


def _does_not_stand(settings: Settings, missing: Sequence[str], seconds: float) -> str:
    look = "`docker ps -a --filter label=stateroom.part` shows our parts, `docker logs NAME` why"
    if not missing:
        return (
            f"the api did not answer on port {settings.api_port} within {seconds:.0f} s; {look}."
            " If another program has the port, set STATEROOM_API_PORT"
        )
    said = f"{' and '.join(missing)} did not stay up within {seconds:.0f} s; {look}"
    if "edge" in missing:
        said += (
            f". If another program has one of its ports {settings.https_port},"
            f" {settings.http_port} and {settings.api_port}, set {_PORTS}"
        )
    return said


_PORTS = "STATEROOM_HTTPS_PORT, STATEROOM_HTTP_PORT and STATEROOM_API_PORT"
