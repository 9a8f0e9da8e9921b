"""Every error that Stateroom raises on purpose, as one tree.

StateroomError
├── Invalid            what was sent cannot be accepted; carries every problem at once
├── NotFound           no such tenant, blueprint, revision, ...
├── Conflict           taken, or changed by somebody else meanwhile
│   └── Moved          If-Match named a generation that is no longer the current one
├── NoCapacity         the machine has nothing left to promise; says what is short
├── Denied             the caller may not do this
├── Away               a part of ours that is needed does not answer just now
└── EngineError        an engine or the edge could not do what one action asked for
    ├── Retryable      trying again can help; `after` says when at the earliest (seconds)
    ├── Permanent      trying again changes nothing until somebody acts
    │   └── Absent     an image is not on this machine
    └── Clash          the thing exists in another form than was asked for

The docstring of a class is its default message. `api/errors.py` is the only place that
turns one of them into an HTTP answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what was sent.

    pointer: JSON Pointer into the document that was sent ("" is the whole document).
    code:    a stable word for programs, e.g. ``unknown_option``.
    detail:  one sentence for people.
    hint:    what to do about it; may be empty.
    block:   id of the blueprint's block that has the problem, where there is one.
    link:    the blueprint's link ``(from, to)`` that has it, where there is one.
    """

    pointer: str
    code: str
    detail: str
    hint: str = ""
    block: str | None = None
    link: tuple[str, str] | None = None


class StateroomError(Exception):
    """Something went wrong."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])

    @property
    def message(self) -> str:
        return str(self.args[0])


class Invalid(StateroomError):
    """What was sent is not valid."""

    def __init__(self, problems: Sequence[Problem], message: str = "") -> None:
        super().__init__(message or " ".join(p.detail for p in problems[:3]))
        self.problems = tuple(problems)


class NotFound(StateroomError):
    """There is no such thing."""


class Conflict(StateroomError):
    """This is taken, or it was changed by somebody else meanwhile."""


class Moved(Conflict):
    """It was changed since you read it; read it again and repeat your change."""


class NoCapacity(StateroomError):
    """There is no capacity left on this machine."""


class Denied(StateroomError):
    """This key may not do that."""


class Away(StateroomError):
    """A part of Stateroom that is needed for this does not answer; try again in a moment."""


class EngineError(StateroomError):
    """The engine could not do it."""


class Retryable(EngineError):
    """It did not work this time; it is tried again."""

    def __init__(self, message: str = "", after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


class Permanent(EngineError):
    """It cannot work until somebody changes something."""


class Absent(Permanent):
    """An image that is needed is not on this machine."""


class Clash(EngineError):
    """It exists already, in another form than was asked for."""
