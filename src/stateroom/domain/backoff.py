"""How long a cabin that failed is held back: computed from its recorded failures, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stateroom.domain.runtime import AGENT
from stateroom.domain.wish import Failure, Wish

LIVED_WELL = 300.0
"""Seconds after which an end is a new story and not one more of the same failures."""

LONGEST_RETRY_AFTER = 600.0
"""Seconds that "try again after" may ask for: one wrong answer must not hold a cabin for days."""

AHEAD = 5.0
"""Seconds that a failure may lie in the future; one further ahead was dated by a clock that was
set back since, and nobody can say when it was."""

GIVES_UP_AFTER = 5
"""Deaths in a row after which the tenant is `failed` and safe mode is offered. It is still
tried, with long pauses: what killed it may have gone by itself."""


@dataclass(frozen=True, slots=True)
class Pace:
    """pauses: seconds after the first, second, ... failure in a row; the last one for ever.
    forget_after: seconds without another failure after which a streak is over; longer than any
    pause."""

    kinds: tuple[str, ...]
    pauses: tuple[float, ...]
    forget_after: float


RUNTIME = Pace(("exit", "boot"), (0.0, 2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0), 900.0)
ACTION = Pace(("action",), (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0), 900.0)
GROWTH = Pace(("grow",), (300.0, 1800.0, 7200.0), 14_400.0)
"""A disk grows while its runtime is stopped, so each try costs a tenant a boot."""


@dataclass(frozen=True, slots=True)
class Streak:
    """count: failures in a row. until: not tried again before. last: the newest, if any.
    pause: seconds from that one to `until`."""

    count: int
    until: float
    last: Failure | None
    pause: float = 0.0


NONE = Streak(0, 0.0, None)


def runtime_streak(wish: Wish, now: float, role: str = AGENT) -> Streak:
    """Ends in a row of the agent's runtime, or of a service, counted since somebody last changed
    or restarted the tenant."""
    own = [failure for failure in wish.failures if failure.role == role]
    return _since(own, now, RUNTIME, max(wish.restart_at, wish.changed_at))


def action_streak(wish: Wish, now: float) -> Streak:
    """Calls of the engine that failed in a row, since somebody last changed or restarted it."""
    return _since(wish.failures, now, ACTION, max(wish.restart_at, wish.changed_at))


def growth_streak(wish: Wish, now: float) -> Streak:
    """Tries to let a disk grow that failed in a row, counted since the last restart that was
    asked for. A change does not count: each new prompt would stop the runtime for another try."""
    return _since(wish.failures, now, GROWTH, wish.restart_at)


def orphan_streak(failures: Sequence[Failure], now: float) -> Streak:
    """The same for a cabin that nobody wishes for."""
    return _since(failures, now, ACTION, 0.0)


def bounded(retry_after: float) -> float:
    """What an error says about trying again, as a pause that can be kept: no number is zero."""
    return min(max(0.0, retry_after), LONGEST_RETRY_AFTER)


def _since(failures: Sequence[Failure], now: float, pace: Pace, since: float) -> Streak:
    if not failures:
        return NONE
    found = [
        f for f in failures if f.kind in pace.kinds and f.began_at >= since and f.at <= now + AHEAD
    ]
    # Of two at one moment the one that began later is the later one: no order of reading decides.
    newest_first = sorted(found, key=lambda f: (f.at, f.began_at), reverse=True)
    return _streak(newest_first, now, pace)


def _streak(newest_first: Iterable[Failure], now: float, pace: Pace) -> Streak:
    row: list[Failure] = []
    for failure in newest_first:
        later = row[-1].at if row else now
        # What lived well before it failed ended the streak before it, and begins a new one.
        if later - failure.at > pace.forget_after or (row and _lived_well(failure)):
            break
        row.append(failure)
        if _lived_well(failure):
            break
    if not row:
        return NONE
    last, pauses = row[0], pace.pauses
    pause = max(pauses[min(len(row), len(pauses)) - 1], bounded(last.retry_after))
    return Streak(len(row), last.at + pause, last, pause)


def _lived_well(failure: Failure) -> bool:
    return failure.at - failure.began_at > LIVED_WELL
