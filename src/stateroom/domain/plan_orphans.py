"""Orphans: what the engine has of this installation, of cabins that nobody knows.

A call may fail after the engine obeyed it, a database may be restored from yesterday. What is
left then is taken away: instances, holder, network, content. Data never: nobody asked for it to
be erased, so an unknown disk is only said. And nothing before it is old enough for whoever made
it to have written it down, by the engine's own time of creation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from stateroom.domain.actions import CabinAction, Release
from stateroom.domain.backoff import orphan_streak
from stateroom.domain.inventory import Place
from stateroom.domain.plan_checkpoint import dropping
from stateroom.domain.plan_leaving import stands
from stateroom.domain.plan_step import Step, Waiting, route_waits, take_away
from stateroom.domain.views import View
from stateroom.domain.wish import Failure

ORPHAN_GRACE = 60.0
"""Seconds for which something unknown is left alone after the engine made the last part of it."""


@dataclass(frozen=True, slots=True)
class Others:
    """What the store says of cabins beside those that are wished for. kept: their disks rest
    until somebody asks for them. failures: by cabin, of such as are no tenant's. dropped: by
    cabin, copies of disks that are to go."""

    kept: frozenset[str] = frozenset()
    failures: Mapping[str, Sequence[Failure]] = field(default_factory=dict)
    dropped: Mapping[str, Collection[str]] = field(default_factory=dict)


def plan_orphan(now: float, cabin: str, view: View, others: Others) -> Step:
    if not _is_more_than_data(view):
        if dropped := dropping(cabin, view.place, others.dropped.get(cabin, ())):
            return _paced(now, cabin, others, dropped)
        known = cabin in others.kept
        return Step(waiting=() if known else _unknown_disk(cabin, view.place))
    old_enough = _made_at(view) + ORPHAN_GRACE
    if old_enough > now:
        reason = f"nobody knows this cabin; taken away once it is {ORPHAN_GRACE:.0f} s old"
        return Step(waiting=(Waiting(cabin, "orphan", reason, old_enough),))
    if view.open_route is not False:
        return Step(waiting=(route_waits(cabin, view),))
    actions: list[CabinAction] = []
    for instance in view.instances:
        actions.extend(take_away(instance))
    return _paced(now, cabin, others, (*actions, Release(cabin)))


def _paced(now: float, cabin: str, others: Others, actions: tuple[CabinAction, ...]) -> Step:
    streak = orphan_streak(others.failures.get(cabin, ()), now)
    if streak.until <= now:
        return Step(actions)
    assert streak.last is not None
    reason = f"{streak.last.detail}; tried again by itself after {streak.pause:.0f} s"
    return Step(waiting=(Waiting(cabin, "backoff", reason, streak.until),))


def _is_more_than_data(view: View) -> bool:
    place = view.place
    return (
        bool(view.instances)
        or view.content is not None
        or (place is not None and stands(place))
    )


def _made_at(view: View) -> float:
    """When the youngest part of it was made: somebody may be in the middle of making it."""
    moments = [instance.created_at for instance in view.instances]
    if view.place is not None:
        moments.append(view.place.created_at)
    if view.content is not None:
        moments.append(view.content.written_at)
    return max(moments, default=0.0)


def _unknown_disk(cabin: str, place: Place | None) -> tuple[Waiting, ...]:
    if place is None or not place.kept:
        return ()
    disks = ", ".join(f"{name} {size} MiB" for name, size in sorted(place.kept.items()))
    reason = f"nobody knows this disk ({disks}); it stays, since nobody asked to erase it"
    return (Waiting(cabin, "orphan", reason),)
