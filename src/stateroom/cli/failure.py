"""How a command ends when it cannot do what was asked: one exit code, one sentence, problems.

The exit codes are part of the public contract:

0  done
1  failed: Stateroom said no, or does not answer
2  wrong usage: what was typed cannot be right, and repeating it helps nobody
3  not found
4  not ready in time (`--wait`): accepted, and still going on
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from stateroom.errors import Problem


class Code(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_READY = 4


class Failure(Exception):
    """The command ends here. message: a sentence that says what to do next. answer: what the
    API sent, for `--json`; made from the rest where the API sent nothing."""

    def __init__(
        self,
        message: str,
        code: Code = Code.FAILED,
        problems: Sequence[Problem] = (),
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.problems = tuple(problems)
        self.answer = answer if answer is not None else _answer(message, self.problems)


class Unreachable(Failure):
    """The API does not answer."""


def usage(message: str) -> Failure:
    return Failure(message, Code.USAGE)


def problems_in(answer: Mapping[str, Any], field: str = "errors") -> tuple[Problem, ...]:
    """The API's `errors[]` (or `problems[]`) as values; what it did not say is empty."""
    found = answer.get(field)
    if not isinstance(found, list):
        return ()
    return tuple(_problem(each) for each in found if isinstance(each, Mapping))


def _problem(raw: Mapping[str, Any]) -> Problem:
    link = raw.get("link")
    return Problem(
        pointer=str(raw.get("pointer") or ""),
        code=str(raw.get("code") or ""),
        detail=str(raw.get("detail") or ""),
        hint=str(raw.get("hint") or ""),
        block=str(raw["block"]) if raw.get("block") else None,
        link=(str(link[0]), str(link[1])) if isinstance(link, list) and len(link) == 2 else None,
    )


def _answer(message: str, problems: Sequence[Problem]) -> dict[str, Any]:
    answer: dict[str, Any] = {"detail": message}
    if problems:
        answer["errors"] = [
            {"pointer": p.pointer, "code": p.code, "detail": p.detail, "hint": p.hint}
            for p in problems
        ]
    return answer
