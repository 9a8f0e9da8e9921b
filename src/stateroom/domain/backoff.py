"""How long a cabin that failed is held back: computed from its recorded failures, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stateroom.domain.moments import is_placed, latest_placed
from stateroom.domain.runtime import AGENT
from stateroom.domain.wish import Failure, Wish

LIVED_WELL = 300.0
"""Seconds after which the end of what runs is a new story and not one more of the same failures."""

LONGEST_RETRY_AFTER = 600.0
"""Seconds that "try again after" may ask for: one wrong answer must not hold a cabin for days."""

COUNTED = 50
"""Failures in a row that are counted, of one kind and program: the newest. Older ones lengthen no
pause, and one that fails all day long would fill a day with them."""

GIVES_UP_AFTER = 5
"""Deaths in a row after which the tenant is `failed` and safe mode is offered. It is still
tried, with long pauses: what killed it may have gone by itself."""


@dataclass(frozen=True, slots=True)
class Pace:
    """pauses: seconds after the first, second, ... failure in a row; the last one for ever.
    forget_after: seconds without another try after which a streak is over; longer than any
    pause. lives: what failed is something that ran, so that a long time until then speaks for
    it; a call that fails after an hour is the same failure again."""

    kinds: tuple[str, ...]
    pauses: tuple[float, ...]
    forget_after: float
    lives: bool = False


RUNTIME = Pace(
    ("exit", "boot"), (0.0, 2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0), 900.0, lives=True
)
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
    return _since(own, now, RUNTIME, wish.restart_at, wish.changed_at)


def action_streak(wish: Wish, now: float) -> Streak:
    """Calls of the engine that failed in a row, since somebody last changed or restarted it."""
    return _since(wish.failures, now, ACTION, wish.restart_at, wish.changed_at)


def growth_streak(wish: Wish, now: float) -> Streak:
    """Tries to let a disk grow that failed in a row, counted since the last restart that was
    asked for. A change does not count: each new prompt would stop the runtime for another try."""
    return _since(wish.failures, now, GROWTH, wish.restart_at)


def orphan_streak(failures: Sequence[Failure], now: float) -> Streak:
    """The same for a cabin that nobody wishes for."""
    return _since(failures, now, ACTION)


def bounded(retry_after: float) -> float:
    """What an error says about trying again, as a pause that can be kept: no number is zero."""
    return min(max(0.0, retry_after), LONGEST_RETRY_AFTER)


def _since(failures: Sequence[Failure], now: float, pace: Pace, *moments: float) -> Streak:
    """Of those that began after the latest of the moments, as far as they can be placed."""
    if not failures:
        return NONE
    since = latest_placed(now, *moments)
    found = [
        f
        for f in failures
        if f.kind in pace.kinds and f.began_at >= since and is_placed(f.at, now)
    ]
    # Of two at one moment the one that began later is the later one: no order of reading decides.
    newest_first = sorted(found, key=lambda f: (f.at, f.began_at), reverse=True)
    return _streak(newest_first, now, pace)


def _streak(newest_first: Iterable[Failure], now: float, pace: Pace) -> Streak:
    row: list[Failure] = []
    for failure in newest_first:
        tried_again = row[-1].began_at if row else now
        # What lived well before it failed ended the streak before it, and begins a new one.
        lived_well = pace.lives and failure.at - failure.began_at > LIVED_WELL
        if tried_again - failure.at > pace.forget_after or (row and lived_well):
            break
        row.append(failure)
        if lived_well:
            break
    if not row:
        return NONE
    last, pauses = row[0], pace.pauses
    pause = max(pauses[min(len(row), len(pauses)) - 1], bounded(last.retry_after))
    return Streak(len(row), last.at + pause, last, pause)
