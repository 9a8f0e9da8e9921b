"""A view: one cabin's share of the inventory, and what one look at it tells against its wish.

Made once a pass for every cabin. Plan, routes and status ask the same questions of it and get the
same answers, and a thousand cabins of which nothing changed cost them little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stateroom.domain.growth import too_small
from stateroom.domain.instances import (
    acts_on_content,
    is_current,
    is_healthy,
    outdated,
    restart_reason,
)
from stateroom.domain.inventory import AppliedContent, Instance, Inventory, Place, State
from stateroom.domain.routes import Door, Route
from stateroom.domain.runtime import AGENT, Volume
from stateroom.domain.wish import Wish


@dataclass(frozen=True, slots=True)
class Judged:
    """An instance against the wish for its cabin. current: it is what is wished for, in today's
    place. healthy, acts: of an agent, that it answers, and works by the content that lies there.
    begins_anew: why it has to, although it is current and may run; "" when it need not."""

    instance: Instance
    current: bool
    healthy: bool
    acts: bool
    begins_anew: str

    @property
    def running(self) -> bool:
        return self.instance.state is State.RUNNING


@dataclass(frozen=True, slots=True)
class View:
    """agents: the agent's instances, of which there are two while one replaces the other.
    services: all others, also those of services that nobody wants any more. route: what the edge
    has for it. small: volumes whose disks are smaller than they should be."""

    place: Place | None
    inventory: Inventory
    agents: tuple[Judged, ...] = ()
    services: tuple[Judged, ...] = ()
    content: AppliedContent | None = None
    route: Route | None = None
    small: tuple[Volume, ...] = ()

    @property
    def judged(self) -> tuple[Judged, ...]:
        """In the order of ending: what the agent asks of a service meanwhile is still answered."""
        return self.agents + self.services if self.services else self.agents

    @property
    def instances(self) -> tuple[Instance, ...]:
        return tuple([one.instance for one in self.judged])

    @property
    def holder(self) -> str:
        return self.place.holder if self.place else ""

    @property
    def open_route(self) -> bool | None:
        """None: the edge does not answer, so nobody can say."""
        if self.inventory.routes is None:
            return None
        return self.route is not None and self.route.door is Door.OPEN


Views = Mapping[str, View]
"""By cabin id: of every cabin that is wished for, or that anything is seen of."""


def views(now: float, wishes: Sequence[Wish], inventory: Inventory) -> Views:
    instances: dict[str, list[Instance]] = {}
    for instance in inventory.instances:
        instances.setdefault(instance.cabin, []).append(instance)
    routes: dict[str, Route] = {}
    if inventory.routes is not None:
        routes = {route.cabin: route for route in inventory.routes.routes}
    wished = {wish.cabin.id: wish for wish in wishes}
    cabins = {*wished, *instances, *inventory.places, *inventory.content}
    return {
        cabin: _view(
            now, wished.get(cabin), cabin, instances.get(cabin, ()), routes.get(cabin), inventory
        )
        for cabin in cabins
    }


def _view(
    now: float,
    wish: Wish | None,
    cabin: str,
    instances: Sequence[Instance],
    route: Route | None,
    inventory: Inventory,
) -> View:
    agents: tuple[Judged, ...] = ()
    services: tuple[Judged, ...] = ()
    for instance in instances:
        one = _judged(now, wish, instance, inventory)
        if instance.role == AGENT:
            agents = (*agents, one)
        else:
            services = (*services, one)
    return View(
        inventory.places.get(cabin),
        inventory,
        agents,
        services,
        inventory.content.get(cabin),
        route,
        too_small(wish, inventory) if wish is not None else (),
    )


def _judged(now: float, wish: Wish | None, instance: Instance, inventory: Inventory) -> Judged:
    if wish is None:
        return Judged(instance, current=False, healthy=False, acts=False, begins_anew="")
    is_agent = instance.role == AGENT
    return Judged(
        instance,
        is_current(instance, wish, inventory),
        is_agent and is_healthy(instance, inventory),
        is_agent and acts_on_content(now, instance, inventory),
        (restart_reason if is_agent else outdated)(now, wish, instance, inventory),
    )
