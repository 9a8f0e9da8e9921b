"""The line that says how long something has been going on, and what it is doing.

On a terminal one line with a running clock; elsewhere (a log of CI) a line for each change;
nothing with `--json`.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stateroom.cli.screen import Screen, safe

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text


class Progress:
    def __init__(self, screen: Screen, what: str) -> None:
        self._screen = screen
        self._what = what
        self._began = time.monotonic()
        self._now = ""
        self._live: Live | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        """What it is doing now; the same thing said again is no news."""
        if text == self._now:
            return
        self._now = text
        line = f"{self.elapsed:6.1f} s  {self._what}: {text}"
        if self._live is not None:
            self._live.console.print(safe(line), markup=False, highlight=False)
        else:
            self._screen.note(line)

    def __rich__(self) -> Text:
        from rich.text import Text

        return Text(safe(f"{self.elapsed:6.1f} s  {self._what}: {self._now} ..."), style="dim")

    @contextlib.contextmanager
    def shown(self) -> Iterator[Progress]:
        if self._screen.as_json or not sys.stderr.isatty():
            yield self
            return
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        with Live(self, console=console, refresh_per_second=5, transient=True) as live:
            self._live = live
            try:
                yield self
            finally:
                self._live = None
