"""Whether a folder may be an installation's home: it becomes ours, and `down --purge` empties it.

So `up` takes over no folder that holds anything else, and what was put into a home afterwards is
left alone by a purge.
"""

from __future__ import annotations

from collections.abc import Sequence

from stateroom.edge.config import must_be_plain
from stateroom.errors import Permanent
from stateroom.layout import Layout

_OF_A_DISK = "lost+found"
"""In the root of every ext4, for a home that is a disk of its own."""
_TOLD = 5


def must_be_fit(layout: Layout) -> None:
    """Raises Permanent where the path cannot be a home, or where something else lies there. A
    home that an `up` has begun holds nothing but names of ours."""
    try:
        must_be_plain(str(layout.home))
    except ValueError as error:
        raise Permanent(str(error)) from error
    if not layout.installation.exists() and (strange := strangers(layout)):
        raise Permanent(
            f"{layout.home} is no home of Stateroom and not empty, it holds {named(strange)}:"
            " choose another STATEROOM_HOME, or empty it"
        )


def strangers(layout: Layout) -> list[str]:
    """The names in the home that are not ours."""
    if not layout.home.is_dir():
        return []
    names = {path.name for path in layout.home.iterdir()}
    return sorted(names - layout.own_names - {_OF_A_DISK})


def named(names: Sequence[str]) -> str:
    """The first few, for a sentence."""
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more
