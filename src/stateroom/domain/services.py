"""What one look at a cabin tells of its services: must one begin anew, and what ails them?
Plan and status ask the same questions and get the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stateroom.domain.backoff import GIVES_UP_AFTER, runtime_streak
from stateroom.domain.inventory import Condition, State
from stateroom.domain.runtime import RuntimeSpec
from stateroom.domain.views import Judged, View
from stateroom.domain.wish import Wish


@dataclass(frozen=True, slots=True)
class Ailment:
    """What keeps the tenant from being ready. grave: it is more than a start that is under way.
    applied: what should run does run, so only its own state is the matter."""

    reason: str
    grave: bool
    applied: bool


def ailment(now: float, wish: Wish, view: View) -> Ailment | None:
    """The worst of what ails the cabin's services, None where all of them are well."""
    if not wish.services and not view.services:
        return None
    found = list(_ailments(now, wish, view))
    return next((one for one in found if one.grave), found[0] if found else None)


def _ailments(now: float, wish: Wish, view: View) -> Iterator[Ailment]:
    for spec in wish.services:
        mine = [one for one in view.services if one.instance.role == spec.role]
        current = next((one for one in mine if one.current), None)
        if current is None:
            doing = "a change is being applied" if mine else _starting(spec)
            yield Ailment(doing, grave=False, applied=False)
        elif found := _of_current(now, wish, view, spec, current):
            yield found
    if any(not one.current for one in view.services):
        yield Ailment("a change is being applied", grave=False, applied=False)


def _of_current(
    now: float, wish: Wish, view: View, spec: RuntimeSpec, judged: Judged
) -> Ailment | None:
    current = judged.instance
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
    if judged.begins_anew or current.resources != spec.resources:
        return Ailment("a change is being applied", grave=False, applied=False)
    if current.condition is Condition.UNHEALTHY:
        return Ailment(f"{_silence(spec)}; see {logs}", grave=True, applied=True)
    if full := _full_disk(view, spec):
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


def _full_disk(view: View, spec: RuntimeSpec) -> str:
    full = view.place.full if view.place is not None else frozenset()
    name = next((m.volume for m in spec.shape.mounts if m.volume in full), "")
    if not name:
        return ""
    return (
        f"the disk {name} of its service {spec.role} is full: deploy a revision in which it is "
        "larger (size_mb), or delete what is in it"
    )
