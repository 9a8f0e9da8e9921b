"""Collect: engine, edge, broker, guard and prober are asked what exists; one Inventory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from stateroom.broker.grants import Grants
from stateroom.domain.inventory import Health, Inventory
from stateroom.domain.routes import RouteTable
from stateroom.edge.base import Edge
from stateroom.engines.base import Engine
from stateroom.errors import EngineError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sources:
    """firewall: whether the guard says, not long ago, that its table is in place.
    health: the prober's last answers, by instance name."""

    engine: Engine
    edge: Edge
    grants: Grants
    firewall: Callable[[], bool]
    health: Callable[[], Mapping[str, Health]]


async def collect(sources: Sources) -> Inventory:
    """Raises EngineError where the engine does not answer: without it there is no plan. An edge
    or broker that does not answer is None in the inventory, and what needs it waits."""
    view, routes, grants, providers = await asyncio.gather(
        sources.engine.observe(),
        _routes(sources.edge),
        _or_none(sources.grants.read),
        _or_none(sources.grants.read_providers),
    )
    return Inventory(
        places=view.places,
        instances=view.instances,
        content=view.content,
        content_store=view.content_store,
        health=sources.health(),
        routes=routes,
        grants=grants,
        providers=providers,
        firewall=sources.firewall(),
        room_mb=view.room_mb,
    )


async def _routes(edge: Edge) -> RouteTable | None:
    try:
        table, _version = await edge.read()
    except EngineError as error:
        log.warning("the edge does not answer: %s", error, extra={"action": "edge_away"})
        return None
    return table


async def _or_none(read: Callable[[], Awaitable[Mapping[str, str]]]) -> Mapping[str, str] | None:
    try:
        return await read()
    except EngineError as error:
        log.warning("grants cannot be read: %s", error, extra={"action": "grants_away"})
        return None
