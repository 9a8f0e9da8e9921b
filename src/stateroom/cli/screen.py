"""What people and programs see: results on stdout, everything else on stderr.

With `--json` stdout holds JSON and nothing besides it. Text that a tenant may have written
(names, reasons, log lines) is shown with its control characters made visible: a terminal must
not obey a tenant. Colours only on a terminal (Rich decides, and honours NO_COLOR).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from stateroom.cli.failure import Failure
    from stateroom.errors import Problem

PHASE_STYLES = {
    "ready": "green",
    "asleep": "blue",
    "failed": "bold red",
    "degraded": "yellow",
    "suspended": "magenta",
}

# C0 and C1 controls but tab, and the marks that turn the direction of text around.
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Screen:
    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def json(self, value: Any) -> None:
        """One document, for programs."""
        _write(json.dumps(value, indent=2, ensure_ascii=False))

    def json_line(self, value: Any) -> None:
        """One of many documents, each on a line."""
        _write(json.dumps(value, ensure_ascii=False))

    def text(self, text: str, style: str = "") -> None:
        """A line of the result, or several of our own."""
        lines = "\n".join(safe(line) for line in text.split("\n"))
        _print(_console(stderr=False), lines, style)

    def raw(self, text: str) -> None:
        """A line of the result as it is where a program reads it, made safe on a terminal."""
        _write(safe(text) if sys.stdout.isatty() else text)

    def note(self, text: str, style: str = "") -> None:
        """What is not the result: said to people only."""
        if not self.as_json:
            _print(_console(stderr=True), safe(text), style)

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """One thing: a name and a value on each line; what is empty is left out."""
        shown = [(name, value) for name, value in pairs if value]
        width = max((len(name) for name, _ in shown), default=0)
        for name, value in shown:
            self.text(
                f"{name.ljust(width)}  {safe(value)}", _style(value) if name == "phase" else ""
            )

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns as wide as their widest cell; nothing is cut off, so that pipes see it all."""
        cells = [[safe(cell) for cell in row] for row in rows]
        widths = [max(len(c) for c in column) for column in zip(headers, *cells, strict=True)]
        console = _console(stderr=False)
        _print(console, _row(headers, widths), "bold")
        for row in cells:
            _print(console, _row(row, widths), _row_style(row))

    def failure(self, failure: Failure) -> None:
        """Every problem on a line of its own; with `--json` also as the document on stdout."""
        if self.as_json:
            self.json(failure.answer)
        console = _console(stderr=True)
        _print(console, f"Error: {safe(failure.message)}", "red")
        for problem in failure.problems:
            _print(console, "  " + safe(describe(problem)))


def describe(problem: Problem) -> str:
    """One line: where, what, and what to do about it."""
    where = problem.pointer or "/"
    if problem.block:
        where += f" (block {problem.block})"
    if problem.link:
        where += f" (link {problem.link[0]} - {problem.link[1]})"
    return f"{where}: {problem.detail}" + (f" Hint: {problem.hint}" if problem.hint else "")


def safe(text: str) -> str:
    """Control characters as their escapes: a line stays a line, and commands nothing."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def moment(value: Any) -> str:
    """A time of the API (RFC 3339, or seconds since the epoch) as UTC to the second."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%SZ") if value else ""
    if not value:
        return ""
    try:
        parsed = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)


def _print(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style or None)


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _row_style(row: Sequence[str]) -> str:
    return next((_style(cell) for cell in row if cell in PHASE_STYLES), "")


def _style(phase: str) -> str:
    return PHASE_STYLES.get(phase, "")
