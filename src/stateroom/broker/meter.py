"""The meter of one call: reserved when it begins, settled when it ends, however it ends.

* answered, usage known: the usage
* answered, the provider told no usage: what was seen, and the estimate of the input
* cut off by whoever asked, or by our own end: what can have been made in the time (cost.py)
* broken off by the provider in the middle: what was seen
* never answered: nothing
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from stateroom.broker.cost import Price, Tokens, cost, text_tokens, unfinished
from stateroom.broker.ledger import Ledger, Reservation


class _Stage(Enum):
    NOT_ASKED = auto()
    ASKED = auto()
    FAILED = auto()
    DONE = auto()


class Meter:
    """A context manager around the call. clock: seconds that only rise."""

    def __init__(
        self,
        ledger: Ledger,
        reservation: Reservation,
        estimate: Tokens,
        price: Price,
        clock: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._reservation = reservation
        self._estimate = estimate
        self._price = price
        self._clock = clock
        self._stage = _Stage.NOT_ASKED
        self._asked_at = 0.0
        self._seen = 0
        self._usage: Tokens | None = None

    def asked(self) -> None:
        """From now on the provider may be working, and charging."""
        self._stage = _Stage.ASKED
        self._asked_at = self._clock()

    def failed(self) -> None:
        """The provider gave no answer, or broke off in the middle of one."""
        self._stage = _Stage.FAILED

    def done(self) -> None:
        self._stage = _Stage.DONE

    def saw(self, document: dict[str, Any]) -> None:
        """A part of the answer, on its way to the cabin."""
        for choice in document.get("choices") or ():
            if isinstance(choice, dict):
                self._seen += _spoken(choice.get("delta")) + _spoken(choice.get("message"))

    def told(self, usage: Tokens | None) -> None:
        """What the provider says that the whole call took."""
        if usage is not None:
            self._usage = usage

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, *_: object) -> None:
        taken = self._taken()
        if taken is None:
            self._ledger.refund(self._reservation)
        else:
            self._ledger.settle(self._reservation, taken, cost(taken, self._price))

    def _taken(self) -> Tokens | None:
        if self._stage is _Stage.NOT_ASKED:
            return None
        if self._usage is not None:
            return self._usage
        if self._stage is _Stage.FAILED and not self._seen:
            return None
        if self._stage is _Stage.ASKED:
            return unfinished(self._estimate, self._seen, self._clock() - self._asked_at)
        return Tokens(self._estimate.input, self._seen)


def _spoken(value: object) -> int:
    """Tokens of all text in a message or a part of one."""
    if isinstance(value, str):
        return text_tokens(value)
    if isinstance(value, dict):
        return sum(_spoken(inner) for inner in value.values())
    if isinstance(value, list):
        return sum(map(_spoken, value))
    return 0
