"""Limits how often somebody may be wrong at signing in: a few times at once, then seldom.

It is the installation's limit, not an address's: behind one proxy, or on loopback, everybody has
the same. So it must not become a way to lock the operator out. A flood of wrong ones closes the
door for keys only, while it lasts and half a minute longer; the code of a link is always looked at,
for its 256 bits cannot be guessed at any rate (docs/decisions/0012).
"""

from __future__ import annotations

from collections.abc import Callable

AT_ONCE = 10
EVERY_SECONDS = 30.0
"""A wrong one is forgiven after this long."""


class Attempts:
    """clock: seconds; one that is set back forgives nothing sooner."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wrong = 0.0
        self._at = clock()

    def pause(self) -> float:
        """Seconds until the next one is looked at; 0 for now."""
        now = self._clock()
        self._wrong = max(0.0, self._wrong - max(0.0, now - self._at) / EVERY_SECONDS)
        self._at = now
        return max(0.0, (self._wrong - (AT_ONCE - 1)) * EVERY_SECONDS)

    def was_wrong(self) -> float:
        """Counts one; answers what `pause` said before. Beyond the limit nothing is counted: the
        door opens again as soon as the flood ends."""
        pause = self.pause()
        if not pause:
            self._wrong += 1
        return pause
