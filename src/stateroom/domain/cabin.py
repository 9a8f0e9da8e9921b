"""A cabin: the isolated place that one tenant lives in, like a pod.

Everything that names, numbers or addresses a cabin follows from three facts: the
installation's id, the cabin's own id and two small integers. Nothing else is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

UIDS_PER_CABIN = 16
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
    def first_cabin_uid(self) -> int:
        return 1_000_000 * (self.number + 1)

    def part_uid(self, part: str) -> int:
        """The uid that a part of ours runs under; differs between installations."""
        return 61_000 + 16 * self.number + PARTS.index(part)

    @property
    def group(self) -> int:
        """The group of files that two parts share (database, sockets, maps)."""
        return 61_000 + 16 * self.number + 15


PARTS = ("api", "steward", "broker", "edge", "guard", "holder")


@dataclass(frozen=True)
class Cabin:
    """id: eight hex digits, never reused. number: counts up, never reused; uids follow from it.
    slot: which /29 of the pool; free again once the cabin is released.

    What follows from them is computed once: every pass asks it of every cabin."""

    installation: Installation
    id: str
    number: int
    slot: int

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
