"""Docker's events as hints to look. Nothing is decided by what an event says."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.cabin import Installation
from stateroom.engines import docker_objects as objects
from stateroom.engines.base import EngineEvent
from stateroom.engines.docker_calls import lines

log = logging.getLogger(__name__)

KINDS = frozenset(
    {"start", "die", "stop", "pause", "unpause", "destroy", "update", "health_status"}
)
"""Not "oom": a tenant makes as many as it likes by letting its own processes be killed, and one
that ends an instance is followed by a "die"."""
AGAIN = 0.5
"""Seconds between two tries to connect."""


async def events(
    docker: Docker, installation: Installation
) -> AsyncIterator[tuple[str, EngineEvent]]:
    """Pairs of the container's id and the event; "lost" comes with no id. Never ends."""
    filters = json.dumps({"type": ["container"], "label": objects.ours(installation)})
    while True:
        try:
            async for line in lines(docker, "events", {"filters": filters}):
                message = json.loads(line)
                if (event := read(message)) is not None:
                    yield message["Actor"]["ID"], event
        except (DockerError, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("the events of Docker ended: %s", error)
        await asyncio.sleep(AGAIN)
        yield "", EngineEvent("lost", "")


def read(message: dict[str, Any]) -> EngineEvent | None:
    """None for what nobody waits for: helpers come and go with every disk."""
    attributes = message.get("Actor", {}).get("Attributes", {})
    kind = str(message.get("Action", "")).partition(":")[0]
    if kind not in KINDS or attributes.get(objects.ROLE) == objects.HELPER_ROLE:
        return None
    return EngineEvent(kind, attributes.get(objects.CABIN, ""))
