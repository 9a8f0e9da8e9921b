"""Where pictures of pages go: test artefacts, to be looked at and never committed."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[3] / "build" / "console-pictures"
