"""One cabin's share of the plan: from what is there to what is wished for, in the order in which
it has to happen, or the reason why it has to wait. `plan.py` says which rules every plan keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stateroom.domain.actions import (
    CabinAction,
    Configure,
    Create,
    Grant,
    Prepare,
    Start,
    Stop,
)
from stateroom.domain.backoff import Streak, action_streak, runtime_streak
from stateroom.domain.growth import grows, held_growth
from stateroom.domain.instances import boosted, resources_now
from stateroom.domain.inventory import Instance, State
from stateroom.domain.plan_checkpoint import (
    copy_waits,
    dropping,
    rewrites,
    rewriting,
    started_later,
    to_copy,
)
from stateroom.domain.plan_leaving import plan_leaving, plan_suspended
from stateroom.domain.plan_services import plan_services
from stateroom.domain.plan_step import (
    NOTHING,
    UP,
    Step,
    Waiting,
    firewall_waits,
    growing,
    resizing,
    route_waits,
    start_waits,
    stop_seconds,
    take_away,
)
from stateroom.domain.runtime import AGENT
from stateroom.domain.views import Judged, View
from stateroom.domain.wish import Intent, Wish


def plan_cabin(now: float, wish: Wish, view: View, boots: int, copies: int) -> Step:
    """boots: how many more may begin to boot at this moment; copies: of how many more the disks
    may begin to be copied."""
    cabin = wish.cabin.id
    streak = action_streak(wish, now)
    if streak.until > now:
        assert streak.last is not None
        again = f"after {streak.pause:.0f} s (attempt {streak.count + 1})"
        reason = f"{streak.last.detail}; tried again by itself {again}"
        return Step(waiting=(Waiting(cabin, "backoff", reason, streak.until),), held=True)
    if wish.intent.leaving:
        return plan_leaving(wish, view)
    dropped = dropping(cabin, view.place, wish.checkpoint.drop)
    step = _plan_staying(now, wish, view, boots, copies)
    return replace(step, actions=(*step.actions, *dropped)) if dropped else step


def _plan_staying(now: float, wish: Wish, view: View, boots: int, copies: int) -> Step:
    if wish.intent is Intent.SUSPEND:
        return plan_suspended(wish, view)
    cabin = wish.cabin.id
    if wish.blocked or wish.spec is None or wish.content is None:
        wait = Waiting(cabin, "blocked", wish.blocked or "not compiled yet")
        return Step(_contents_alone(wish, view), (wait,))
    return _with_growth_told(now, wish, view, _plan_running(now, wish, view, boots, copies))


def _with_growth_told(now: float, wish: Wish, view: View, step: Step) -> Step:
    """Whatever else it waits for is more urgent."""
    if step.waiting or not view.small:
        return step
    held = held_growth(now, wish, view.inventory)
    if held is None:
        return step
    return replace(step, waiting=(Waiting(wish.cabin.id, "disk", held.reason, held.until),))


def _contents_alone(wish: Wish, view: View) -> tuple[CabinAction, ...]:
    """A cabin that cannot go on for want of a secret still loses the one that was removed."""
    applied = view.content
    if wish.content is None or applied is None or applied.version == wish.content:
        return ()
    return (Configure(wish.cabin, wish.content),)


def _plan_running(now: float, wish: Wish, view: View, boots: int, copies: int) -> Step:
    assert wish.spec is not None and wish.content is not None
    alone = rewrites(wish, view.place)
    if alone and (wait := copy_waits(wish, view.inventory, turn=copies > 0)) is not None:
        return Step(waiting=(wait,), held=True)
    strangers = [one for one in view.judged if alone or not one.current]
    current = next((one for one in view.agents if one.current and not alone), None)
    beside = [one for one in view.services if one.current and not alone]
    turn = boots > 0 or _any_up(view.agents)
    if strangers and view.open_route is not False and _any_up(_agents(strangers)):
        # One in whose place a former one is still up waits for that to end, like the agent.
        held = {one.instance.role for one in strangers if one.instance.state in UP}
        there = [one for one in beside if one.instance.role not in held]
        tended = plan_services(now, wish, view, there, turn=turn, make=False)
        return _together(tended, _before_it_ends(now, wish, view, boots))
    actions: list[CabinAction] = [
        a for one in strangers for a in take_away(one.instance, stop_seconds(wish))
    ]
    actions += _foundation(wish, view)
    actions += rewriting(wish, view.place)
    if to_copy(wish, view.place):
        return Step(tuple(actions), (started_later(wish),))
    services = plan_services(now, wish, view, beside, turn=turn, make=True)
    rest = _together(services, _plan_instance(now, wish, view, current, boots))
    return replace(rest, actions=(*actions, *rest.actions)) if actions else rest


def _together(services: Step, agent: Step) -> Step:
    """One step of both. What the agent waits for is what people ask about first."""
    if services is NOTHING:
        return agent
    return replace(
        agent,
        actions=(*services.actions, *agent.actions),
        waiting=tuple(dict.fromkeys((*agent.waiting, *services.waiting))),
    )


def _agents(judged: Sequence[Judged]) -> list[Judged]:
    return [one for one in judged if one.instance.role == AGENT]


def _any_up(judged: Sequence[Judged]) -> bool:
    return any(one.instance.state in UP for one in judged)


def _before_it_ends(now: float, wish: Wish, view: View, boots: int) -> Step:
    """One that may serve has to begin anew: it goes on until another could boot in its place,
    so that a change of many tenants cuts only as many at once as can boot."""
    wait = _may_start(now, wish, view, boots)
    if wait is not None:
        return Step(waiting=(wait,), held=True)
    waits = (route_waits(wish.cabin.id, view),)
    return Step(waiting=waits, turn=view.open_route is True)


def _foundation(wish: Wish, view: View) -> list[CabinAction]:
    """Grant, namespace, disks and content, as far as they are not there."""
    assert wish.content is not None
    actions: list[CabinAction] = []
    grants = view.inventory.grants
    if wish.grant and grants is not None and grants.get(wish.grant.key) != wish.grant.digest:
        actions.append(Grant(wish.cabin.id, wish.grant.key, wish.grant.digest))
    if not _prepared(wish, view):
        actions.append(Prepare(wish.cabin, wish.volumes))
    applied = view.content
    if applied is None or applied.version != wish.content:
        actions.append(Configure(wish.cabin, wish.content))
    return actions


def _prepared(wish: Wish, view: View) -> bool:
    place = view.place
    if place is None or not place.network or not place.holder:
        return False
    return all(volume.name in place.disks for volume in wish.volumes)


def _plan_instance(
    now: float, wish: Wish, view: View, current: Judged | None, boots: int
) -> Step:
    assert wish.spec is not None
    if current is None:
        create = (*_grow(now, wish, view), Create(boosted(wish)))
        start = _may_start(now, wish, view, boots)
        if start is not None:
            return Step(create, (start,))
        return Step((*create, Start(wish.spec.name)))
    if current.instance.state in (State.CREATED, State.EXITED):
        return _plan_stopped(now, wish, view, current.instance, boots)
    return _plan_up(now, wish, view, current, boots)


def _plan_stopped(now: float, wish: Wish, view: View, current: Instance, boots: int) -> Step:
    assert wish.spec is not None
    first = (*_resize(now, wish, current), *_grow(now, wish, view))
    wait = _may_start(now, wish, view, boots)
    if wait is not None:
        return Step(first, (wait,))
    return Step((*first, Start(current.name)))


def _plan_up(now: float, wish: Wish, view: View, judged: Judged, boots: int) -> Step:
    current = judged.instance
    resize = _resize(now, wish, current)
    grown = view.small and grows(now, wish, view.inventory, wish.spec)
    if not judged.begins_anew and not grown:
        return _plan_awake(now, wish, view, current, resize)
    if view.open_route is not False or _may_start(now, wish, view, boots) is not None:
        return replace(_before_it_ends(now, wish, view, boots), actions=resize)
    ended = _plan_stopped(now, wish, view, replace(current, state=State.EXITED), boots)
    return replace(ended, actions=(Stop(current.name, stop_seconds(wish)), *ended.actions))


def _plan_awake(
    now: float, wish: Wish, view: View, current: Instance, resize: tuple[CabinAction, ...]
) -> Step:
    """Somebody may have paused it: waking is no boot, but it runs code again."""
    if current.state is not State.PAUSED:
        return Step(resize)
    if not view.inventory.firewall:
        return Step(resize, (firewall_waits(now, wish),))
    return Step((*resize, Start(current.name)))


def _resize(now: float, wish: Wish, current: Instance) -> tuple[CabinAction, ...]:
    return resizing(current, resources_now(now, wish, current))


def _grow(now: float, wish: Wish, view: View) -> tuple[CabinAction, ...]:
    assert wish.spec is not None
    return growing(now, wish, view, wish.spec)


def _may_start(now: float, wish: Wish, view: View, boots: int) -> Waiting | None:
    """None when it may; else why not."""
    cabin = wish.cabin.id
    streak: Streak = runtime_streak(wish, now)
    if streak.until > now:
        assert streak.last is not None
        reason = f"{streak.last.detail}; ended {streak.count} times in a row, started again"
        return Waiting(cabin, "backoff", f"{reason} after a pause", streak.until)
    return start_waits(now, wish, view, turn=boots > 0)
