"""Observing: the whole installation in three listings, plus an inspect for what changed.

Kept between passes: the details of containers, only as long as Docker's listing bears them out
(`docker_reading.still_holds`). Dropping all of it at any moment costs time and nothing else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.cabin import Installation
from stateroom.domain.inventory import Instance, Place
from stateroom.engines import docker_objects as objects
from stateroom.engines import docker_reading as reading
from stateroom.engines.base import EngineView
from stateroom.engines.docker_calls import absent, ask, calling, containers
from stateroom.engines.docker_content import ContentStore
from stateroom.engines.docker_disk_files import DiskState
from stateroom.engines.docker_disks import Disks
from stateroom.engines.docker_fullness import FullDisks

LONGEST = 120.0
"""Seconds after which details are read again, whatever the listing says."""
AT_ONCE = 8
"""Inspections under way at the same time: Docker slows down for everybody with more."""

Entry = dict[str, Any]


class Observer:
    def __init__(
        self,
        docker: Docker,
        installation: Installation,
        disks: Disks,
        content: ContentStore,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._docker = docker
        self._installation = installation
        self._disks = disks
        self._content = content
        self._clock = clock
        self._known: dict[str, reading.Details] = {}
        self._full = FullDisks()
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def observe(self) -> EngineView:
        entries, networks, volumes = await asyncio.gather(
            self._containers(), self._networks(), self._disks.volumes()
        )
        holders = [e for e in entries if reading.label(e, objects.ROLE) == objects.HOLDER_ROLE]
        disks = self._disks.look()
        return EngineView(
            places=self._places(holders, networks, volumes, disks),
            instances=await self._instances(entries),
            content=self._content.read(),
            content_store=self._content.identity(),
            room_mb=disks.room_mb,
        )

    def forget(self, container: str) -> None:
        """Of this one, by its id, something was changed or has happened."""
        self._known.pop(container, None)

    async def _containers(self) -> list[Entry]:
        async with calling("list containers"):
            return await containers(self._docker, objects.ours(self._installation))

    async def _networks(self) -> list[Entry]:
        async with calling("list networks"):
            return await self._docker.networks.list(
                filters={"label": objects.ours(self._installation)}
            )

    async def _instances(self, entries: Iterable[Entry]) -> tuple[Instance, ...]:
        mine = [entry for entry in entries if is_instance(entry)]
        listed = {entry["Id"] for entry in mine}
        self._known = {key: value for key, value in self._known.items() if key in listed}
        now = self._clock()
        found = await asyncio.gather(*(self._details(entry, now) for entry in mine))
        return tuple(
            reading.instance_of(entry, details)
            for entry, details in zip(mine, found, strict=True)
            if details is not None
        )

    async def _details(self, entry: Entry, now: float) -> reading.Details | None:
        known = self._known.get(entry["Id"])
        if known is not None and reading.still_holds(known, entry, now, LONGEST):
            return known
        async with self._gate, calling(f"inspect {reading.name_of(entry)}"):
            try:
                inspected = await ask(self._docker, f"containers/{entry['Id']}/json")
            except DockerError as error:
                if absent(error):  # gone since the listing
                    return None
                raise
        details = reading.details_of(inspected, self._clock())
        self._known[entry["Id"]] = details
        return details

    def _places(
        self,
        holders: Iterable[Entry],
        networks: Iterable[Entry],
        volumes: Mapping[str, str],
        disks: DiskState,
    ) -> dict[str, Place]:
        # In whole seconds, which are all that the listing of containers has: or what is made of a
        # place would seem to be older than the place.
        nets = {
            reading.label(network, objects.CABIN): float(int(reading.seconds(network["Created"])))
            for network in networks
        }
        made = {reading.label(entry, objects.CABIN): float(entry["Created"]) for entry in holders}
        held = {reading.label(entry, objects.CABIN): self._holder(entry) for entry in holders}
        full = self._full.among(
            {
                name: (volumes[name], size)
                for cabin, sizes in disks.attached.items()
                for volume, size in sizes.items()
                if (name := self._disk(cabin, volume)) in volumes
            }
        )
        places = {}
        for cabin in sorted({*nets, *held, *disks.kept, *disks.nodes, *disks.copies} - {""}):
            ready = {
                volume: size
                for volume, size in disks.attached.get(cabin, {}).items()
                if self._disk(cabin, volume) in volumes
            }
            at_rest = disks.kept.get(cabin, {})
            places[cabin] = Place(
                cabin=cabin,
                network=cabin in nets,
                holder=held.get(cabin, ""),
                disks=ready,
                kept={volume: size for volume, size in at_rest.items() if volume not in ready},
                created_at=max(nets.get(cabin, 0.0), made.get(cabin, 0.0)),
                full=frozenset(v for v in ready if self._disk(cabin, v) in full),
                copies=disks.copies.get(cabin, frozenset()),
            )
        return places

    def _disk(self, cabin: str, volume: str) -> str:
        return objects.disk_name(f"{self._installation.prefix}-{cabin}", volume)

    def _holder(self, entry: Entry) -> str:
        network = f"{self._installation.prefix}-{reading.label(entry, objects.CABIN)}"
        networks = entry["NetworkSettings"]["Networks"]
        return reading.holder_identity(entry["Id"], entry["State"], networks, network)


def is_instance(entry: Entry) -> bool:
    """What carries a cabin, and is not the cabin's holder or a helper."""
    role = reading.label(entry, objects.ROLE)
    helpers = (objects.HOLDER_ROLE, objects.HELPER_ROLE)
    return bool(reading.label(entry, objects.CABIN)) and role not in helpers
