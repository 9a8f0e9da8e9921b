"""Lines out of pieces, however somebody else cut those, and however long he never ends a line.

A tenant writes the log. What he says without a newline is kept up to a bound and the rest of
that line is dropped, so that it costs neither memory nor, searched again with every piece, time.
"""

from __future__ import annotations

LONGEST_LINE = 64 * 1024
"""Bytes. What is longer is cut, and says so."""
CUT = b" [cut]"


class LogLines:
    """One log's."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def add(self, piece: bytes) -> list[str]:
        """The lines that this piece ends, without their newlines."""
        *ended, rest = piece.split(b"\n")
        found = []
        for part in ended:
            self._keep(part)
            found.append(self._rest.decode(errors="replace"))
            self._rest.clear()
        self._keep(rest)
        return found

    def _keep(self, part: bytes) -> None:
        room = LONGEST_LINE - len(self._rest)
        if room < 0:  # cut already
            return
        self._rest += part[:room]
        if len(part) > room:
            self._rest += CUT
