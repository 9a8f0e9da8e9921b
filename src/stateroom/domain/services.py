"""What one look at a cabin tells of its services: must one begin anew, and what ails them?
Plan and status ask the same questions and get the same answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stateroom.domain.backoff import GIVES_UP_AFTER, runtime_streak
from stateroom.domain.instances import is_current, outdated
from stateroom.domain.inventory import Condition, Instance, Inventory, State
from stateroom.domain.runtime import AGENT, RuntimeSpec
from stateroom.domain.wish import Wish


def agents(instances: Sequence[Instance]) -> tuple[Instance, ...]:
    return tuple(instance for instance in instances if instance.role == AGENT)


def beside(instances: Sequence[Instance]) -> tuple[Instance, ...]:
    """All but the agent's, also of services that nobody wants any more."""
    return tuple(instance for instance in instances if instance.role != AGENT)


def agent_first(instances: Sequence[Instance]) -> list[Instance]:
    """In the order of ending: what the agent asks of a service meanwhile is still answered."""
    return sorted(instances, key=lambda instance: instance.role != AGENT)


@dataclass(frozen=True, slots=True)
class Ailment:
    """What keeps the tenant from being ready. grave: it is more than a start that is under way.
    applied: what should run does run, so only its own state is the matter."""

    reason: str
    grave: bool
    applied: bool


def ailment(
    now: float, wish: Wish, inventory: Inventory, instances: Sequence[Instance]
) -> Ailment | None:
    """The worst of what ails the cabin's services, None where all of them are well."""
    there = beside(instances)
    if not wish.services and not there:
        return None
    found = list(_ailments(now, wish, inventory, there))
    return next((one for one in found if one.grave), found[0] if found else None)


def _ailments(
    now: float, wish: Wish, inventory: Inventory, there: Sequence[Instance]
) -> Iterator[Ailment]:
    for spec in wish.services:
        mine = [i for i in there if i.role == spec.role]
        current = next((i for i in mine if is_current(i, wish, inventory)), None)
        if current is None:
            doing = "a change is being applied" if mine else _starting(spec)
            yield Ailment(doing, grave=False, applied=False)
        elif found := _of_current(now, wish, inventory, spec, current):
            yield found
    if any(not is_current(i, wish, inventory) for i in there):
        yield Ailment("a change is being applied", grave=False, applied=False)


def _of_current(
    now: float, wish: Wish, inventory: Inventory, spec: RuntimeSpec, current: Instance
) -> Ailment | None:
    logs = f"`stateroom tenants logs {wish.slug} --service {spec.role}`"
    well = current.state is State.RUNNING and current.condition in (
        Condition.HEALTHY,
        Condition.UNASKED,
    )
    died = runtime_streak(wish, now, spec.role)
    # One that cannot be asked is taken at its word: it is well while it runs.
    if died.count >= GIVES_UP_AFTER and not well:
        assert died.last is not None
        reason = f"its service {spec.role} ended {died.count} times in a row: {died.last.detail}"
        return Ailment(f"{reason}. See {logs}", grave=True, applied=False)
    if current.state is not State.RUNNING:
        return Ailment(_starting(spec), grave=False, applied=False)
    if outdated(now, wish, current, inventory) or current.resources != spec.resources:
        return Ailment("a change is being applied", grave=False, applied=False)
    if current.condition is Condition.UNHEALTHY:
        return Ailment(f"{_silence(spec)}; see {logs}", grave=True, applied=True)
    if full := _full_disk(wish, inventory, spec):
        return Ailment(full, grave=True, applied=True)
    if current.condition is Condition.STARTING:
        return Ailment(_starting(spec), grave=False, applied=True)
    return None


def _starting(spec: RuntimeSpec) -> str:
    return f"its service {spec.role} is starting"


def _silence(spec: RuntimeSpec) -> str:
    if spec.health is not None and spec.health.port:
        return f"its service {spec.role} does not answer on port {spec.health.port}"
    return f"its service {spec.role} says that it is not well (its health command fails)"


def _full_disk(wish: Wish, inventory: Inventory, spec: RuntimeSpec) -> str:
    place = inventory.places.get(wish.cabin.id)
    full = place.full if place is not None else frozenset()
    name = next((m.volume for m in spec.shape.mounts if m.volume in full), "")
    if not name:
        return ""
    return (
        f"the disk {name} of its service {spec.role} is full: deploy a revision in which it is "
        "larger (size_mb), or delete what is in it"
    )
