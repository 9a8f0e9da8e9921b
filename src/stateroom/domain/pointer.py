"""JSON Pointers (RFC 6901): how a problem says where in the sent document it is."""

from __future__ import annotations

LONGEST_KEY = 80


def pointer(*parts: str | int) -> str:
    """``pointer("blocks", 2, "id")`` is ``/blocks/2/id``; no part at all is the whole document.
    A hostile key is cut, so that a problem never repeats a megabyte that was sent."""
    return "".join(f"/{_escaped(str(part)[:LONGEST_KEY])}" for part in parts)


def _escaped(part: str) -> str:
    # A lone surrogate cannot be encoded, so an answer that repeated it could not be sent.
    text = part.replace("~", "~0").replace("/", "~1")
    return text.encode("utf-8", "replace").decode()
