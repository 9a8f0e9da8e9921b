"""Housekeeping: what is done beside the loop, now and then: images are pinned for new revisions,
the machine is measured, what is too old is forgotten, what a killed steward left is swept.

A chore that fails holds up no other: without a pin no new tenant could start, without forgetting
the database grows for ever.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Protocol

from stateroom.engines.base import Sweeps
from stateroom.errors import StateroomError
from stateroom.layout import Layout
from stateroom.settings import Settings
from stateroom.steward.pins import Pins, pin_new_revisions
from stateroom.store.steward import StewardStore

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between looks at the store's change token: a new revision waits this long for its pin."""
RETRY = 30.0
"""Seconds after which what could not be pinned is tried again; a change is looked at at once."""
MEASURE = 600.0
SWEEP = 60.0
AFTER_FAILURE = 5.0
CIDR_OF_A_CABIN = 8
"""Addresses in a /29."""


class KeptEngine(Pins, Sweeps, Protocol):
    """What housekeeping needs of the engine."""


@dataclass
class _Chore:
    """every: seconds from one time to the next. due: by the monotonic clock."""

    do: Callable[[], Awaitable[None]]
    every: float
    due: float = 0.0


class Housekeeping:
    """pinned: called when a revision was pinned or found to lack its image: tenants wait for it."""

    def __init__(
        self,
        store: StewardStore,
        engine: KeptEngine,
        settings: Settings,
        local: Callable[[str], str],
        pinned: Callable[[], None],
    ) -> None:
        self._store = store
        self._engine = engine
        self._settings = settings
        self._local = local
        self._pinned = pinned
        self._token = -1
        self._problems: Mapping[int, str] = {}
        self._retry = 0.0

    async def run(self) -> None:
        """For ever. What fails is logged and tried again soon."""
        chores = [
            _Chore(self.pin, LOOK),
            _Chore(self.measure, MEASURE),
            _Chore(self._store.prune, MEASURE),
            _Chore(self.sweep, SWEEP),
        ]
        while True:
            for chore in chores:
                if time.monotonic() >= chore.due:
                    done = await _attempt(chore.do)
                    pause = chore.every if done else min(chore.every, AFTER_FAILURE)
                    chore.due = time.monotonic() + pause
            await asyncio.sleep(LOOK)

    async def pin(self) -> None:
        """Pins new revisions, if anything changed since the last time or one of them is left."""
        newest = await self._store.change_token()
        due = bool(self._problems) and time.monotonic() >= self._retry
        if newest == self._token and not due:
            return
        pinned = await pin_new_revisions(self._store, self._engine, self._local, self._problems)
        self._token, self._problems = newest, pinned.problems
        self._retry = time.monotonic() + RETRY
        if pinned.done or pinned.missed:
            self._pinned()

    async def measure(self) -> None:
        await self._store.set_capacity(*capacity(self._settings))

    async def sweep(self) -> None:
        swept = await self._engine.sweep()
        if swept:
            log.info("%s things left behind were swept", swept, extra={"action": "swept"})


async def _attempt(chore: Callable[[], Awaitable[None]]) -> bool:
    """Whether it is done."""
    try:
        await chore()
    except StateroomError as error:
        log.warning("housekeeping failed: %s", error, extra={"action": "housekeeping_failed"})
    except Exception:
        # A defect of ours must end neither this nor the other chores.
        log.exception("housekeeping failed", extra={"action": "housekeeping_failed"})
    else:
        return True
    return False


def capacity(settings: Settings) -> tuple[int, int, int]:
    """Memory and disk in MiB and the number of subnets that may be promised in all."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    memory = int(max(0, total - settings.reserve_memory_mb) * settings.memory_overcommit)
    disks = Layout(settings.home).disks
    # Copies beside them, too: they are promised like disks.
    taken = sum(image.stat().st_blocks * 512 for image in disks.glob("st*")) // 2**20
    free = shutil.disk_usage(disks).free // 2**20
    disk = max(0, free + taken - settings.reserve_disk_mb)
    return memory, disk, IPv4Network(settings.subnets).num_addresses // CIDR_OF_A_CABIN
