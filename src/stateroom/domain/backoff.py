"""How long a cabin that failed is held back: computed from its recorded failures, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stateroom.domain.wish import Failure, Wish

LIVED_WELL = 300.0
"""Seconds after which an end is a new story and not one more of the same failures."""

FORGET_AFTER = 900.0
"""Seconds without a failure of a kind after which its streak is over; longer than any pause."""

RUNTIME_PAUSES = (0.0, 2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0)
ACTION_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)

GIVES_UP_AFTER = 5
"""Deaths in a row after which the tenant is `failed` and safe mode is offered. It is still
tried, with long pauses: what killed it may have gone by itself."""


@dataclass(frozen=True, slots=True)
class Streak:
    """count: failures in a row. until: not tried again before. last: the newest, if any."""

    count: int
    until: float
    last: Failure | None


NONE = Streak(0, 0.0, None)


def runtime_streak(wish: Wish, now: float) -> Streak:
    """Ends of the runtime in a row, counted since somebody last changed or restarted it."""
    return _streak(_recent(wish, ("exit", "boot")), now, RUNTIME_PAUSES)


def action_streak(wish: Wish, now: float) -> Streak:
    """Calls of the engine that failed in a row."""
    return _streak(_recent(wish, ("action",)), now, ACTION_PAUSES)


def _recent(wish: Wish, kinds: tuple[str, ...]) -> Sequence[Failure]:
    if not wish.failures:
        return ()
    since = max(wish.restart_at, wish.changed_at)
    found = [f for f in wish.failures if f.kind in kinds and f.began_at >= since]
    return sorted(found, key=lambda f: f.at, reverse=True)


def _streak(newest_first: Iterable[Failure], now: float, pauses: tuple[float, ...]) -> Streak:
    row: list[Failure] = []
    for failure in newest_first:
        later = row[-1].at if row else now
        # What lived well before it failed ended the streak before it, and begins a new one.
        if later - failure.at > FORGET_AFTER or (row and _lived_well(failure)):
            break
        row.append(failure)
        if _lived_well(failure):
            break
    if not row:
        return NONE
    pause = pauses[min(len(row), len(pauses)) - 1]
    return Streak(len(row), row[0].at + pause, row[0])


def _lived_well(failure: Failure) -> bool:
    return failure.at - failure.began_at > LIVED_WELL
