"""Wiring: the only place that builds the steward's concrete things and hands them to each other."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import aiodocker
import aiohttp
from aiodocker.exceptions import DockerError

from stateroom.broker.folder import FolderGrants
from stateroom.domain.cabin import Installation
from stateroom.domain.status import counts
from stateroom.edge.haproxy import HAProxyEdge
from stateroom.engines.base import Copies
from stateroom.engines.docker import DockerEngine
from stateroom.guard.state import in_place
from stateroom.layout import Layout
from stateroom.settings import Settings
from stateroom.steward.access import Access
from stateroom.steward.collect import Sources
from stateroom.steward.execute import Executor
from stateroom.steward.hearing import Hearing
from stateroom.steward.housekeeping import Housekeeping
from stateroom.steward.keys import StewardKeys, load_keys
from stateroom.steward.last_words import LastWords
from stateroom.steward.loop import Loop
from stateroom.steward.preview import Preview
from stateroom.steward.prober import Prober
from stateroom.steward.providers import Providers
from stateroom.steward.roll_outs import RollOuts
from stateroom.steward.socket import Services
from stateroom.steward.usage import UsageReader
from stateroom.steward.webhook import WebhookSender
from stateroom.steward.wishes import Compiler
from stateroom.store.database import Database
from stateroom.store.steward import StewardStore
from stateroom.store.webhook_delivery import Deliveries

CANNOT_CONNECT = 900
"""The client's own word, in the place of an HTTP status."""


@dataclass(frozen=True, slots=True)
class Place:
    """Facts of this container that `stateroom up` puts into its environment. content, grants:
    where it sees the two tmpfs; content_mount: the first one's path on the host."""

    installation: Installation
    content: Path
    grants: Path
    content_mount: str
    helper_image: str
    entry_point: str

    @classmethod
    def read(cls, settings: Settings) -> Place:
        """Raises KeyError where the environment was not made by `stateroom up`."""
        return cls(
            Installation(
                os.environ["STATEROOM_INSTALLATION"],
                IPv4Network(settings.subnets),
                settings.broker_port,
            ),
            Path(os.environ["STATEROOM_CONTENT"]),
            Path(os.environ["STATEROOM_GRANTS"]),
            os.environ["STATEROOM_CONTENT_MOUNT"],
            os.environ["STATEROOM_IMAGE"],
            os.environ["STATEROOM_ENTRYPOINT"],
        )


@dataclass(frozen=True, slots=True)
class Steward:
    """Everything that the process runs, and what it closes at the end."""

    loop: Loop
    services: Services
    housekeeping: Housekeeping
    webhook: WebhookSender
    hearing: Hearing
    prober: Prober
    docker: tuple[aiodocker.Docker, ...]
    database: Database

    async def close(self) -> None:
        await self.prober.close()
        for client in self.docker:
            await client.close()
        await self.database.close()


def build(settings: Settings, place: Place, database: Database) -> Steward:
    """Raises OSError where a key cannot be read."""
    layout = Layout(settings.home)
    keys = load_keys(layout.steward)
    store = StewardStore(database, time.time)
    docker, listening = aiodocker.Docker(settings.docker), aiodocker.Docker(settings.docker)
    engine = _engine(docker, listening, settings, place)
    local = local_names(settings)
    prober = Prober(lambda: loop.wake())  # noqa: PLW0108  (made below, since it needs the prober)
    sources = Sources(
        engine,
        HAProxyEdge(layout.maps, layout.edge_socket),
        FolderGrants(place.grants, place.installation.group),
        lambda: in_place(layout.guard_state),
        prober.health,
    )
    loop = _loop(settings, place, keys, store, sources, prober)

    def compiler_of_its_own() -> Compiler:
        return Compiler(place.installation, settings, keys)

    async def status() -> dict[str, Any]:
        return installation_status(place, loop, sources)

    services = Services(
        loop,
        store,
        engine,
        Access(store, keys),
        UsageReader(engine, sources.edge, layout.broker_socket, store),
        Preview(store, sources, compiler_of_its_own, engine, local),
        status,
    )
    housekeeping = Housekeeping(store, engine, settings, local, loop.wake)
    hearing = Hearing(lambda: loop.last.at, question_to(docker))
    webhook = WebhookSender(Deliveries(database, time.time), keys.opener, settings)
    return Steward(
        loop, services, housekeeping, webhook, hearing, prober, (docker, listening), database
    )


def question_to(docker: aiodocker.Docker) -> Callable[[], Awaitable[None]]:
    """One that any engine answers. Raises OSError where nobody is there."""

    async def ask() -> None:
        try:
            await docker.version()
        except DockerError as error:
            if error.status == CANNOT_CONNECT:
                raise ConnectionError(error.message) from error
        except aiohttp.ClientError as error:
            raise ConnectionError(str(error)) from error

    return ask


def _engine(
    docker: aiodocker.Docker, listening: aiodocker.Docker, settings: Settings, place: Place
) -> DockerEngine:
    return DockerEngine(
        docker,
        place.installation,
        listening=listening,
        content_root=place.content,
        content_mount=place.content_mount,
        home=settings.home,
        helper_image=place.helper_image,
        entrypoint=place.entry_point,
    )


def _loop(
    settings: Settings,
    place: Place,
    keys: StewardKeys,
    store: StewardStore,
    sources: Sources,
    prober: Prober,
) -> Loop:
    compiler = Compiler(place.installation, settings, keys)
    providers = Providers(keys)
    executor = Executor(
        sources.engine, sources.edge, sources.grants, store, compiler, providers, keys,
        sources.firewall,
    )  # fmt: skip
    return Loop(
        store, sources, executor, compiler, providers, prober,
        roll_outs=RollOuts(store, LastWords(sources.engine, store, keys), time.time),
        boots_at_once=max(2, os.cpu_count() or 2),
    )


def local_names(settings: Settings) -> Callable[[str], str]:
    """Abstract reference (``openclaw:2026.9.6``) -> the reference on this engine: the operator's
    own image where one is set, else the one that `stateroom up` obtained. A service's image is
    named as the engine knows it."""

    def local(reference: str) -> str:
        name, _, version = reference.partition(":")
        if name != "openclaw":
            return reference
        if settings.openclaw_image and version == settings.openclaw_version:
            return settings.openclaw_image
        return f"stateroom/{reference}"

    return local


def installation_status(place: Place, loop: Loop, sources: Sources) -> dict[str, Any]:
    """What `GET /status` says of the steward: all of it from the last pass."""
    last = loop.last
    return {
        "installation": place.installation.id,
        "passed_at": last.at,
        "phases": counts(last.statuses),
        "firewall": sources.firewall(),
        "edge": last.inventory.routes is not None,
        "broker": last.inventory.grants is not None,
        "capabilities": {"copies": isinstance(sources.engine, Copies)},
    }
