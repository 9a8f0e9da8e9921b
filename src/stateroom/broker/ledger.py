"""The ledger: what every tenant's model calls took, by day; and the promise that a budget keeps.

A call reserves the most that it can cost before it begins and settles what it did cost when it
ends, each in one transaction. So calls that run at the same time count against each other, and
no number of them gets past a budget that one alone could not.

A reservation that is still there when the broker starts was left by a crash. It is charged in
full: the provider may have answered and will send its bill, and a ledger that forgets is one
that a crash makes worth causing.

On a full disk calls with a budget are refused, because nothing can be promised; calls without
one go on, and what they took is kept in memory until it can be written.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from stateroom.broker.cost import Tokens, usd
from stateroom.errors import Away, Conflict

log = logging.getLogger("stateroom.broker")

SCHEMA = """
CREATE TABLE IF NOT EXISTS usage (
    tenant TEXT NOT NULL,
    day TEXT NOT NULL,
    requests INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cost_nano INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reservation (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    day TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL
) STRICT;
"""

CHARGE = """
INSERT INTO usage (tenant, day, requests, input_tokens, output_tokens, cost_nano)
VALUES (?, ?, 1, ?, ?, ?)
ON CONFLICT (tenant, day) DO UPDATE SET
    requests = requests + 1,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    cost_nano = cost_nano + excluded.cost_nano
"""

PROMISED = """
SELECT (SELECT coalesce(sum(cost_nano), 0) FROM usage WHERE tenant = ?1 AND day >= ?2)
     + (SELECT coalesce(sum(cost_nano), 0) FROM reservation WHERE tenant = ?1 AND day >= ?2)
"""

MAX_UNWRITTEN = 10_000


@dataclass(frozen=True, slots=True)
class Reservation:
    """id: None for one that could not be written down (full disk, no budget to keep)."""

    id: int | None
    tenant: str
    day: str


@dataclass(frozen=True, slots=True)
class Day:
    """What one tenant took on one UTC day. date: YYYY-MM-DD."""

    date: str
    requests: int
    input_tokens: int
    output_tokens: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class _Settlement:
    """tokens: None for a call that took nothing and leaves no trace."""

    reservation: Reservation
    tokens: Tokens | None
    cost_nano: int


class Ledger:
    """path: the database; its folder must exist. One process at a time: a second one raises
    Conflict. Every call is one short transaction, made in the caller's thread."""

    def __init__(self, path: Path) -> None:
        self._lock = _only_one(path.with_name(path.name + ".lock"))
        self._db = sqlite3.connect(path, timeout=2.0, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        # Survives a killed process. A power cut can lose the last moments, but nothing older.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA cache_size = -512")
        self._db.executescript(SCHEMA)
        self._unwritten: list[_Settlement] = []
        self._charge_what_a_crash_left()

    def reserve(
        self, tenant: str, now: float, tokens: Tokens, cost_nano: int, budget_nano: int | None
    ) -> Reservation | None:
        """Promises `cost_nano` to one call; None when the month's budget does not cover it.
        now: seconds since the epoch. Raises Away when it cannot be written down and there is
        a budget to keep."""
        day = utc_day(now)
        try:
            self._write_what_waits()
            with self._transaction():
                if budget_nano is not None and cost_nano > 0:
                    month = day[:8] + "01"
                    (promised,) = self._db.execute(PROMISED, (tenant, month)).fetchone()
                    if promised + cost_nano > budget_nano:
                        return None
                row = self._db.execute(
                    "INSERT INTO reservation (tenant, day, input_tokens, output_tokens, cost_nano)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (tenant, day, tokens.input, tokens.output, cost_nano),
                )
                return Reservation(row.lastrowid, tenant, day)
        except sqlite3.Error as error:
            _complain("reserve", error)
            if budget_nano is None:
                return Reservation(None, tenant, day)
            raise Away(
                "The broker cannot write its ledger, so no budget can be kept; the operator has "
                "to see to the disk."
            ) from error

    def settle(self, reservation: Reservation, tokens: Tokens, cost_nano: int) -> None:
        """The call took this, in place of what was reserved. Never raises: what cannot be
        written now is written later, and its reservation holds meanwhile."""
        self._finish(_Settlement(reservation, tokens, cost_nano))

    def refund(self, reservation: Reservation) -> None:
        """The call took nothing. Never raises."""
        self._finish(_Settlement(reservation, None, 0))

    def usage(self, tenant: str, now: float, days: int) -> list[Day]:
        """The last `days` UTC days that have anything, today's included, oldest first."""
        since = _day_of(now) - timedelta(days=days - 1)
        rows = self._db.execute(
            "SELECT day, requests, input_tokens, output_tokens, cost_nano FROM usage"
            " WHERE tenant = ? AND day >= ? ORDER BY day",
            (tenant, since.isoformat()),
        )
        return [Day(row[0], row[1], row[2], row[3], usd(row[4])) for row in rows]

    def close(self) -> None:
        self._db.close()
        os.close(self._lock)

    def _finish(self, settlement: _Settlement) -> None:
        self._unwritten.append(settlement)
        try:
            self._write_what_waits()
        except sqlite3.Error as error:
            _complain("settle", error)
            # Only those that have a row of their own in the database can be let go of.
            del self._unwritten[:-MAX_UNWRITTEN]

    def _write_what_waits(self) -> None:
        if not self._unwritten:
            return
        with self._transaction():
            for done in self._unwritten:
                held = done.reservation
                if done.tokens is not None:
                    self._db.execute(CHARGE, (held.tenant, held.day, done.tokens.input,
                                              done.tokens.output, done.cost_nano))
                if held.id is not None:
                    self._db.execute("DELETE FROM reservation WHERE id = ?", (held.id,))
        self._unwritten.clear()

    def _charge_what_a_crash_left(self) -> None:
        with self._transaction():
            left = self._db.execute(
                "SELECT tenant, day, input_tokens, output_tokens, cost_nano FROM reservation"
            ).fetchall()
            self._db.executemany(CHARGE, left)
            self._db.execute("DELETE FROM reservation")
        if left:
            log.warning("%d calls were cut off by the broker's last end; they are charged as "
                        "reserved", len(left), extra={"action": "charge_left"})

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # After some errors (a full disk) SQLite has rolled back by itself.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def utc_day(now: float) -> str:
    return _day_of(now).isoformat()


def next_month(now: float) -> str:
    """The first day of the UTC month after `now`: when a budget starts anew."""
    return (_day_of(now).replace(day=28) + timedelta(days=4)).replace(day=1).isoformat()


def _day_of(now: float) -> date:
    return datetime.fromtimestamp(now, UTC).date()


def _only_one(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Conflict(f"Another broker keeps {path.parent}; stop it first.") from error
    return descriptor


def _complain(action: str, error: sqlite3.Error) -> None:
    log.error("The ledger cannot be written: %s", error, extra={"action": action})
