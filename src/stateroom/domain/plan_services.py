"""The services' share of one cabin's plan. Each is judged by itself: one that ended is started
again, one of another shape is replaced, and neither agent nor door is asked, since callers speak
with the agent alone. Whether a service answers decides nothing here: one that is at work on its
own recovery must not be ended for it (the status tells people).
"""

from __future__ import annotations

from collections.abc import Sequence

from stateroom.domain.actions import CabinAction, Create, Start, Stop
from stateroom.domain.backoff import runtime_streak
from stateroom.domain.growth import grows
from stateroom.domain.inventory import State
from stateroom.domain.plan_step import NOTHING, Step, Waiting, growing, resizing, start_waits
from stateroom.domain.runtime import RuntimeSpec
from stateroom.domain.views import Judged, View
from stateroom.domain.wish import Wish


def plan_services(
    now: float, wish: Wish, view: View, there: Sequence[Judged], *, turn: bool, make: bool
) -> Step:
    """there: those of them that are what they should be. turn: the cabin may boot now, or has.
    make: its foundation is laid, so what is missing can be made."""
    if not wish.services:
        return NOTHING
    actions: list[CabinAction] = []
    waiting: list[Waiting] = []
    for spec in wish.services:
        current = next((one for one in there if one.instance.role == spec.role), None)
        if not make and (current is None or not _founded(wish, view, spec)):
            continue
        step = _plan_service(now, wish, view, spec, current, turn)
        actions.extend(step.actions)
        waiting.extend(step.waiting)
    return Step(tuple(actions), tuple(waiting))


def _founded(wish: Wish, view: View, spec: RuntimeSpec) -> bool:
    """What it runs on is there already."""
    disks = view.place.disks if view.place is not None else {}
    mounted = all(mount.volume in disks for mount in spec.shape.mounts)
    return mounted and view.content is not None


def _plan_service(
    now: float, wish: Wish, view: View, spec: RuntimeSpec, judged: Judged | None, turn: bool
) -> Step:
    wait = _may_start(now, wish, view, spec, turn)
    start: tuple[CabinAction, ...] = () if wait else (Start(spec.name),)
    waits = (wait,) if wait else ()
    if judged is None:
        return Step((*growing(now, wish, view, spec), Create(spec), *start), waits)
    current = judged.instance
    resize = resizing(current, spec.resources)
    if current.state in (State.CREATED, State.EXITED):
        return Step((*resize, *growing(now, wish, view, spec), *start), waits)
    if current.state is State.PAUSED:
        return Step((*resize, *start), waits)
    if not judged.begins_anew and not grows(now, wish, view.inventory, spec):
        return Step(resize)
    if wait:  # It goes on as it is until another can take its place.
        return Step(resize, waits)
    stop = Stop(current.name, spec.stop_seconds)
    return Step((*resize, stop, *growing(now, wish, view, spec), *start))


def _may_start(
    now: float, wish: Wish, view: View, spec: RuntimeSpec, turn: bool
) -> Waiting | None:
    """None when it may; else why not."""
    cabin, streak = wish.cabin.id, runtime_streak(wish, now, spec.role)
    if streak.until > now:
        assert streak.last is not None
        reason = (
            f"its service {spec.role}: {streak.last.detail}; ended {streak.count} times in a row,"
            " started again after a pause"
        )
        return Waiting(cabin, "backoff", reason, streak.until)
    return start_waits(now, wish, view, turn=turn)
