"""What follows from a cabin's four facts never leads out of what is the installation's own."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.domain.cabin import (
    FIRST_UID,
    MOST_CABINS,
    PARTS,
    UIDS_PER_CABIN,
    Cabin,
    Installation,
)

SMALL = Installation("3f", IPv4Network("10.213.0.0/28"))
LAST_UID = 2_147_352_575
"""Above it begin the uids that systemd gives to files of foreign images."""


@pytest.mark.parametrize(
    "identity", ["", ".", "..", "../../etc", "1a2b3c4d\n", "1A2B3C4D", "1a2b3c4", "1a2b3c4d5"]
)
def test_an_id_that_is_none(identity: str) -> None:
    """A row's id becomes a folder's name: anything but eight hex digits is refused, or "." would
    show every tenant's content to one."""
    with pytest.raises(ValueError, match="hex digits"):
        Cabin(SMALL, identity, 0, 0)


@pytest.mark.parametrize("number", [-1, MOST_CABINS])
def test_a_number_without_uids(number: int) -> None:
    """A number whose uids would be a part's or another installation's is refused."""
    with pytest.raises(ValueError, match="uids"):
        Cabin(SMALL, "1a2b3c4d", number, 0)


@pytest.mark.parametrize("slot", [-1, 2])
def test_a_slot_outside_the_pool(slot: int) -> None:
    """A slot whose addresses would be somebody else's is refused."""
    with pytest.raises(ValueError, match="pool"):
        Cabin(SMALL, "1a2b3c4d", 0, slot)


@given(st.integers(0, 255), st.integers(0, MOST_CABINS - 1))
def test_uids_are_nobody_elses(installation: int, number: int) -> None:
    """A cabin's uids are apart from its installation's parts, from the next installation and
    from everything that the system itself gives away."""
    ours = Installation(f"{installation:02x}")
    parts = {*(ours.part_uid(part) for part in PARTS), ours.group}
    first = Cabin(ours, "1a2b3c4d", number, 0).uid
    last = first + UIDS_PER_CABIN - 1
    assert len(parts) == len(PARTS) + 1
    assert FIRST_UID <= min(parts) <= max(parts) < first
    assert last <= LAST_UID
    if installation < 255:
        assert last < Installation(f"{installation + 1:02x}").first_uid
