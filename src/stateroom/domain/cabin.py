"""A cabin: the isolated place that one tenant lives in, like a pod.

Everything that names, numbers or addresses a cabin follows from three facts: the
installation's id, the cabin's own id and two small integers. Nothing else is stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

UIDS_PER_CABIN = 16
FIRST_UID = 1_879_048_192
"""Where the uids begin that nobody gives away: below lie those of people, of systemd's services
(DynamicUser) and containers and of /etc/subuid, above 2147352575 those of foreign images."""
UIDS = 1_000_000
"""For each installation. 256 of them end at 2135048191."""
PART_UIDS = 16
"""The first of an installation's: one for each part, and the last is the group."""
MOST_CABINS = (UIDS - PART_UIDS) // UIDS_PER_CABIN
"""How many an installation can have made, all its life: numbers are never used again."""
CABIN_ID = re.compile(r"[0-9a-f]{8}")
AGENT_PORT = 18789
"""The port that OpenClaw's own server listens on, inside the cabin."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One Stateroom on one machine. Several may share a Docker engine.

    id:      two lower-case hex digits, unique on this engine.
    subnets: the pool that every cabin's /29 is cut from.
    broker_port: the broker's port; answered on every cabin's own gateway address.
    """

    id: str
    subnets: IPv4Network = IPv4Network("10.213.0.0/16")
    broker_port: int = 8071

    @property
    def prefix(self) -> str:
        """Begins the name of every engine object and bridge of ours: ``st3f``."""
        return f"st{self.id}"

    @property
    def number(self) -> int:
        return int(self.id, 16)

    @property
    def first_uid(self) -> int:
        return FIRST_UID + UIDS * self.number

    @property
    def first_cabin_uid(self) -> int:
        return self.first_uid + PART_UIDS

    def part_uid(self, part: str) -> int:
        """The uid that a part of ours runs under; differs between installations."""
        return self.first_uid + PARTS.index(part)

    @property
    def group(self) -> int:
        """The group of files that two parts share (database, sockets, maps)."""
        return self.first_uid + PART_UIDS - 1

    @property
    def slots(self) -> int:
        """How many cabins can have a network at the same time."""
        return self.subnets.num_addresses // 8


PARTS = ("api", "steward", "broker", "edge", "guard", "holder", "relay")
"""A part's uid follows from its place here: new ones stand at the end."""


@dataclass(frozen=True)
class Cabin:
    """id: eight hex digits, never reused. number: counts up, never reused; uids follow from it.
    slot: which /29 of the pool; free again once the cabin is released.

    They come from rows that others may write, and folders, uids and addresses follow from them:
    ValueError where they would lead out of what is the installation's own.

    What follows from them is computed once: every pass asks it of every cabin."""

    installation: Installation
    id: str
    number: int
    slot: int

    def __post_init__(self) -> None:
        if not CABIN_ID.fullmatch(self.id):
            raise ValueError("its cabin's id is not eight hex digits")
        if not 0 <= self.number < MOST_CABINS:
            raise ValueError(f"its cabin's number {self.number} has no uids: {MOST_CABINS} have")
        if not 0 <= self.slot < self.installation.slots:
            pool = self.installation.subnets
            raise ValueError(f"its cabin's subnet {self.slot} is not in the pool {pool}")

    @cached_property
    def name(self) -> str:
        """Name of the network, of the bridge and of the holder's prefix: ``st3f-1a2b3c4d``."""
        return f"{self.installation.prefix}-{self.id}"

    @property
    def hostname(self) -> str:
        """Fixed for life: OpenClaw's owner lease in /data is bound to it."""
        return f"cabin-{self.id}"

    @property
    def uid(self) -> int:
        return self.installation.first_cabin_uid + UIDS_PER_CABIN * self.number

    @cached_property
    def subnet(self) -> IPv4Network:
        first = int(self.installation.subnets.network_address) + 8 * self.slot
        return IPv4Network((first, 29))

    @cached_property
    def gateway(self) -> IPv4Address:
        """The host's end of the bridge: where the broker answers, and whom the cabin sees
        when the edge or the prober speaks to it."""
        return self.subnet[1]

    @cached_property
    def address(self) -> IPv4Address:
        return self.subnet[2]

    @cached_property
    def host(self) -> str:
        """The address as tables and grants write it."""
        return str(self.address)
