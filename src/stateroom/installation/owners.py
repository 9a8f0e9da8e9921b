"""Whose files lie in the home, asked before anything is changed in it.

Uids follow from the installation's id and from where an installation's uids begin. Where either
was another one once (an earlier Stateroom, a lost `installation.json`), each part's folder has an
owner of its own that is none of today's: no part could read what lies there, and the disks of
tenants belong to uids that no cabin would run under. Giving files away does not put that right, so
`up` stops with what to do. A copy of a home is all of one person, who made it: that is put right.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from stateroom.domain.cabin import FIRST_UID, PARTS, UIDS, Installation
from stateroom.errors import Permanent
from stateroom.layout import Layout

_ROOT = 0
"""Of a folder that was made and not given away yet, by a run that was stopped."""


def settle(layout: Layout, installation: Installation) -> None:
    """What parts have written into their folders is theirs afterwards; the folders themselves are
    the caller's to give. Raises Permanent where they are of another installation or version."""
    strange = {
        path: (owner, part, group)
        for path, part, group in _folders(layout, installation)
        if path.is_dir() and (owner := path.stat().st_uid) != installation.part_uid(part)
    }
    owners = sorted({owner for owner, _, _ in strange.values()} - {_ROOT})
    if len(owners) > 1:
        raise Permanent(_sentence(layout, installation, owners))
    for path, (_, part, group) in strange.items():
        for inside in sorted(path.rglob("*")):
            os.chown(inside, installation.part_uid(part), group, follow_symlinks=False)


def _folders(layout: Layout, installation: Installation) -> Iterator[tuple[Path, str, int]]:
    """With the part that owns each, and the group of what is in it."""
    for path, part in (
        (layout.steward, "steward"),
        (layout.logs, "steward"),
        (layout.api, "api"),
        (layout.broker, "broker"),
        (layout.edge, "edge"),
    ):
        yield path, part, installation.part_uid(part)
    yield layout.store, "steward", installation.group


def _sentence(layout: Layout, installation: Installation, owners: list[int]) -> str:
    begun = (
        f"the files in {layout.home} belong to the uids {', '.join(map(str, owners))}, and the"
        f" parts of the installation {installation.id} have those from {installation.first_uid}."
        " Nothing was changed. "
    )
    numbers = {divmod(owner - FIRST_UID, UIDS) for owner in owners}
    number = min(numbers)[0]
    if 0 <= number < 256 and all(n == number and i < len(PARTS) for n, i in numbers):
        return begun + (
            f"They are those of the installation {number:02x}: if {layout.installation} was lost,"
            f' write {{"id": "{number:02x}"}} into it and repeat `stateroom up`; else choose'
            " another STATEROOM_HOME"
        )
    return begun + (
        "An earlier version of Stateroom made them, whose tenants' disks this one cannot take"
        " over. Go back to that version to go on with them; or begin anew, in another"
        " STATEROOM_HOME, or here after `stateroom down --purge`, which removes every tenant and"
        " all data"
    )
