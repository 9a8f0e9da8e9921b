"""Addresses of the API's things: names go in escaped, so that a name is never a path."""

from __future__ import annotations

from urllib.parse import quote

from stateroom.cli.failure import Code, Failure


def path(*parts: str) -> str:
    """Raises Failure for a name that no address can hold, and that nothing has."""
    for part in parts:
        if part in ("", ".", ".."):
            raise Failure(f"There is nothing named {part!r}.", Code.NOT_FOUND)
    return "/" + "/".join(quote(part, safe="") for part in parts)
