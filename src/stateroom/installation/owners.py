"""Whose files lie in the home, asked before anything is changed in it.

Uids follow from the installation's id and from where an installation's uids begin. Where either
was another one once (an earlier Stateroom, a lost `installation.json`), the parts could not read
what lies there, and the disks of tenants belong to uids that no cabin would run under. That cannot
be put right by giving files away, so `up` stops with what to do.
"""

from __future__ import annotations

from stateroom.domain.cabin import FIRST_UID, PARTS, UIDS, Installation
from stateroom.errors import Permanent
from stateroom.layout import Layout

_ROOT = 0
"""Of a folder that was made and not given away yet: the next run does."""


def must_be_ours(layout: Layout, installation: Installation) -> None:
    """Raises Permanent where a part's folder belongs to somebody who is no part of this
    installation."""
    for path, part in (
        (layout.steward, "steward"),
        (layout.api, "api"),
        (layout.broker, "broker"),
        (layout.edge, "edge"),
        (layout.store, "steward"),
    ):
        owner = path.stat().st_uid if path.is_dir() else _ROOT
        if owner not in (_ROOT, installation.part_uid(part)):
            raise Permanent(_sentence(layout, installation, owner))


def _sentence(layout: Layout, installation: Installation, owner: int) -> str:
    number, inside = divmod(owner - FIRST_UID, UIDS)
    begun = (
        f"the files in {layout.home} belong to uid {owner}, and the parts of this installation"
        f" run under uids from {installation.first_uid}: "
    )
    if 0 <= number < 256 and inside < len(PARTS):
        return begun + (
            f"they are those of the installation {number:02x}, not {installation.id}. If"
            f' {layout.installation} was lost or changed, write {{"id": "{number:02x}"}} into it'
            " and repeat `stateroom up`; else choose another STATEROOM_HOME"
        )
    return begun + (
        "they were made by an earlier version of Stateroom, whose tenants' disks this one cannot"
        " take over. Nothing was changed. Go back to that version to go on with them; or begin"
        " anew, in another STATEROOM_HOME, or here after `stateroom down --purge`, which removes"
        " every tenant and all data of theirs"
    )
