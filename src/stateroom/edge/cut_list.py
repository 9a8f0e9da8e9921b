"""What is to be cut, on the disk until it is done: whoever dies after a table came into force and
before its cuts would never know of them again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stateroom.edge.cuts import Cut
from stateroom.edge.files import replace_file


@dataclass(frozen=True, slots=True)
class CutList:
    """path: the file, which is there while there is something to do."""

    path: Path

    def add(self, due: Sequence[Cut]) -> None:
        """Raises Retryable where it cannot be written."""
        if due:
            every = sorted({*self.read(), *due})
            known = [[cut.place, cut.tokens_only] for cut in every]
            replace_file(self.path, json.dumps(known).encode())

    def read(self) -> tuple[Cut, ...]:
        """A file that is not ours is nothing to do."""
        try:
            return tuple(Cut(str(place), bool(only)) for place, only in
                         json.loads(self.path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return ()

    def clear(self) -> None:
        """All of it is done."""
        self.path.unlink(missing_ok=True)
