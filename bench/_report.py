"""Where a figure goes: to whoever runs it, and into bench/results."""

from __future__ import annotations

import sys
from pathlib import Path


def report(name: str, lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    (Path(__file__).parent / "results" / f"{name}.txt").write_text(text)
