"""The ledger on a real file: days, budgets, crashes, a full disk."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stateroom.broker.cost import Tokens, nano_of
from stateroom.broker.ledger import Ledger, Reservation, next_month
from stateroom.errors import Away, Conflict

TOKENS = Tokens(30, 10)
ONE = nano_of(1)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


NOW = at("2026-03-31T23:59:59")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "ledger.db")
    yield made
    made.close()


def reserve(ledger: Ledger, budget: int | None = None, now: float = NOW) -> Reservation:
    reservation = ledger.reserve("t", now, TOKENS, ONE, budget)
    assert reservation is not None
    return reservation


def test_a_reservation_counts_until_it_is_settled(ledger: Ledger) -> None:
    """What is promised cannot be promised again; what was not needed comes back."""
    first = reserve(ledger, 2 * ONE)
    reserve(ledger, 2 * ONE)
    assert ledger.reserve("t", NOW, TOKENS, ONE, 2 * ONE) is None
    ledger.settle(first, Tokens(3, 1), ONE // 10)
    assert ledger.reserve("t", NOW, TOKENS, ONE, 2 * ONE) is None
    assert ledger.reserve("t", NOW, TOKENS, ONE * 9 // 10, 2 * ONE) is not None


def test_a_refund_leaves_no_trace(ledger: Ledger) -> None:
    """A refunded call gives its promise back and is not counted."""
    for _ in range(5):
        ledger.refund(reserve(ledger, ONE))
    assert ledger.usage("t", NOW, 30) == []


def test_a_budget_is_the_tenants_own(ledger: Ledger) -> None:
    """One tenant's spending does not touch another's budget."""
    reserve(ledger, ONE)
    assert ledger.reserve("other", NOW, TOKENS, ONE, ONE) is not None


def test_a_budget_starts_anew_with_the_utc_month(ledger: Ledger) -> None:
    """The last second of a month and the first of the next are of different budgets."""
    ledger.settle(reserve(ledger, ONE), TOKENS, ONE)
    assert ledger.reserve("t", NOW, TOKENS, ONE, ONE) is None
    assert ledger.reserve("t", NOW + 1, TOKENS, ONE, ONE) is not None
    assert next_month(NOW) == "2026-04-01"
    assert next_month(at("2026-12-31T12:00:00")) == "2027-01-01"


def test_what_is_free_passes_with_no_budget_left(ledger: Ledger) -> None:
    """A call that costs nothing is not stopped by a budget of nothing."""
    assert ledger.reserve("t", NOW, TOKENS, 0, 0) is not None


def test_usage_is_by_day_oldest_first(ledger: Ledger) -> None:
    """A call belongs to the UTC day on which it began; only the days asked for are told."""
    for now in (NOW - 10 * 86400, NOW, NOW + 1):
        ledger.settle(reserve(ledger, now=now), Tokens(3, 1), ONE)
    days = ledger.usage("t", NOW + 1, 3)
    assert [day.date for day in days] == ["2026-03-31", "2026-04-01"]
    assert (days[0].requests, days[0].input_tokens, days[0].output_tokens) == (1, 3, 1)
    assert days[0].cost_usd == 1.0
    assert len(ledger.usage("t", NOW + 1, 30)) == 3


def test_what_a_crash_left_is_charged_in_full(tmp_path: Path) -> None:
    """A reservation that a dead broker left is charged once, as it was reserved."""
    path = tmp_path / "ledger.db"
    dead = Ledger(path)
    reserve(dead, 2 * ONE)
    dead.close()
    for _ in range(2):
        again = Ledger(path)
        (day,) = again.usage("t", NOW, 30)
        assert (day.requests, day.input_tokens, day.output_tokens) == (1, 30, 10)
        assert day.cost_usd == 1.0
        assert again.reserve("t", NOW, TOKENS, 2 * ONE, 2 * ONE) is None
        again.close()


def test_a_second_broker_is_refused(tmp_path: Path) -> None:
    """Two brokers on one ledger would charge each other's calls; the second says so."""
    first = Ledger(tmp_path / "ledger.db")
    with pytest.raises(Conflict, match="Another broker"):
        Ledger(tmp_path / "ledger.db")
    first.close()
    Ledger(tmp_path / "ledger.db").close()


def test_a_full_disk_refuses_only_what_has_a_budget(ledger: Ledger) -> None:
    """With no room to write a budget cannot be kept, so such calls are refused; others go on,
    and nothing of what they took is lost once there is room."""
    running = reserve(ledger, 3 * ONE)
    with full_disk():
        with pytest.raises(Away, match="see to the disk"):
            ledger.reserve("t", NOW, TOKENS, ONE, 3 * ONE)
        unbounded = reserve(ledger)
        assert unbounded.id is None
        ledger.settle(unbounded, Tokens(5, 5), 0)
        ledger.settle(running, Tokens(7, 7), ONE)
    reserve(ledger, 3 * ONE)
    (day,) = ledger.usage("t", NOW, 30)
    assert (day.requests, day.input_tokens, day.cost_usd) == (2, 12, 1.0)


def test_the_ledger_can_be_read_beside_the_broker(ledger: Ledger, tmp_path: Path) -> None:
    """A reader with its own connection sees whole transactions while the broker writes."""
    reserve(ledger)
    with sqlite3.connect(tmp_path / "ledger.db") as reader:
        assert reader.execute("SELECT count(*) FROM reservation").fetchone() == (1,)
    reader.close()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow: the same to SQLite as a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
