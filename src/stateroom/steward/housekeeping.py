"""Housekeeping: what is done beside the loop, now and then: images are pinned for new revisions,
the machine is measured, what is too old is forgotten."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable
from ipaddress import IPv4Network

from stateroom.layout import Layout
from stateroom.settings import Settings
from stateroom.steward.pins import Pins, pin_new_revisions
from stateroom.store.steward import StewardStore

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between looks at the store's change token: a new revision waits this long for its pin."""
MEASURE = 600.0
CIDR_OF_A_CABIN = 8
"""Addresses in a /29."""


class Housekeeping:
    """pinned: called when a revision was pinned, since tenants wait for that."""

    def __init__(
        self,
        store: StewardStore,
        pins: Pins,
        settings: Settings,
        local: Callable[[str], str],
        pinned: Callable[[], None],
    ) -> None:
        self._store = store
        self._pins = pins
        self._settings = settings
        self._local = local
        self._pinned = pinned

    async def run(self) -> None:
        """For ever. What fails is logged and tried again."""
        token, measured = -1, 0.0
        while True:
            try:
                if (newest := await self._store.change_token()) != token:
                    pinned = await pin_new_revisions(self._store, self._pins, self._local)
                    if pinned.done:
                        self._pinned()
                    if not pinned.left:
                        token = newest
                if time.monotonic() - measured > MEASURE or not measured:
                    await self._store.set_capacity(*capacity(self._settings))
                    await self._store.prune()
                    measured = time.monotonic()
            except Exception:
                # A defect of ours must not end it: without a pin no new tenant could start.
                log.exception("housekeeping failed", extra={"action": "housekeeping_failed"})
            await asyncio.sleep(LOOK)


def capacity(settings: Settings) -> tuple[int, int, int]:
    """Memory and disk in MiB and the number of subnets that may be promised in all."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    memory = int(max(0, total - settings.reserve_memory_mb) * settings.memory_overcommit)
    disks = Layout(settings.home).disks
    taken = sum(image.stat().st_blocks * 512 for image in disks.glob("*.img")) // 2**20
    free = shutil.disk_usage(disks).free // 2**20
    disk = max(0, free + taken - settings.reserve_disk_mb)
    return memory, disk, IPv4Network(settings.subnets).num_addresses // CIDR_OF_A_CABIN
