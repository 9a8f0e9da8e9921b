"""The steward's process: builds everything once, then runs the loop until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import IO, Any

import aiodocker

from stateroom.broker.folder import FolderGrants
from stateroom.domain.cabin import Installation
from stateroom.domain.status import counts
from stateroom.edge.haproxy import HAProxyEdge
from stateroom.engines.docker import DockerEngine
from stateroom.guard.state import read_state
from stateroom.layout import Layout
from stateroom.settings import Settings, load
from stateroom.steward.access import Access
from stateroom.steward.collect import Sources
from stateroom.steward.execute import Executor
from stateroom.steward.keys import load_keys
from stateroom.steward.loop import Loop
from stateroom.steward.pins import pin_new_revisions
from stateroom.steward.preview import Preview
from stateroom.steward.prober import Prober
from stateroom.steward.providers import Providers
from stateroom.steward.socket import Services, make_app, serve
from stateroom.steward.usage import UsageReader
from stateroom.steward.wishes import Compiler
from stateroom.store.database import Database
from stateroom.store.migrate import ensure_schema
from stateroom.store.steward import StewardStore

log = logging.getLogger("stateroom.steward")

HOUSEKEEPING = 600.0


@dataclass(frozen=True, slots=True)
class Place:
    """Facts of this container that `stateroom up` puts into its environment."""

    installation: Installation
    content_root: Path
    grants: Path
    content_mount: str
    helper_image: str
    entrypoint: str

    @classmethod
    def read(cls, settings: Settings) -> Place:
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


def main() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    os.umask(0o007)
    settings = load()
    try:
        with only_steward(Layout(settings.home).steward / "lock"):
            asyncio.run(run(settings))
    except BlockingIOError:
        log.error("another steward runs on %s; there is only one", settings.home)
        sys.exit(1)


@contextlib.contextmanager
def only_steward(path: Path) -> Any:
    """The installation's lock; raises BlockingIOError when somebody has it. The kernel frees
    it with the process, however that ends."""
    handle: IO[str]
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


async def run(settings: Settings) -> None:
    layout, place = Layout(settings.home), Place.read(settings)
    keys = load_keys(layout.steward)
    database = Database(settings.database_url)
    await ensure_schema(database)
    store = StewardStore(database, time.time)
    docker = aiodocker.Docker(settings.docker)
    engine = DockerEngine(
        docker,
        place.installation,
        content_root=place.content_root,
        content_mount=place.content_mount,
        home=settings.home,
        helper_image=place.helper_image,
        entrypoint=place.entrypoint,
    )
    edge = HAProxyEdge(layout.maps, layout.edge_socket)
    grants = FolderGrants(place.grants, place.installation.group)
    compiler = Compiler(place.installation, settings, keys)
    providers = Providers(keys)
    prober = Prober(lambda: loop.wake())  # noqa: PLW0108  (the loop is made further down)
    sources = Sources(
        engine, edge, grants, lambda: read_state(layout.guard_state, time.time()), prober.health
    )
    executor = Executor(engine, edge, grants, store, compiler, providers, keys)
    loop = Loop(
        store, sources, executor, compiler, providers, prober,
        boots_at_once=max(2, os.cpu_count() or 2),
    )

    def local(reference: str) -> str:
        return local_reference(reference, settings)

    async def status() -> dict[str, Any]:
        return {
            "installation": place.installation.id,
            "passed_at": loop.last.at,
            "phases": counts(loop.last.statuses),
            "firewall": sources.firewall(),
            "edge": loop.last.inventory.routes is not None,
            "broker": loop.last.inventory.grants is not None,
        }

    def compiler_of_its_own() -> Compiler:
        return Compiler(place.installation, settings, keys)

    services = Services(
        loop, store, engine, Access(store, keys), UsageReader(engine, layout.broker_socket),
        Preview(store, sources, compiler_of_its_own, engine, local),
        status,
    )
    runner = await serve(make_app(services), layout.steward_socket)
    keeping = asyncio.create_task(housekeeping(store, engine, settings, local))
    turning = asyncio.create_task(loop.run())
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    await ending.wait()
    for task in (turning, keeping):
        task.cancel()
    await asyncio.gather(turning, keeping, return_exceptions=True)
    await prober.close()
    await runner.cleanup()
    await docker.close()
    await database.close()


def local_reference(reference: str, settings: Settings) -> str:
    """The operator's own image where one is set, else the one that `stateroom up` obtained."""
    _name, _, version = reference.partition(":")
    if settings.openclaw_image and version == settings.openclaw_version:
        return settings.openclaw_image
    return f"stateroom/{reference}"


async def housekeeping(
    store: StewardStore, engine: DockerEngine, settings: Settings, local: Any
) -> None:
    """Pins new revisions and measures the machine, soon after each change and now and then."""
    token, measured = -1, 0.0
    while True:
        try:
            newest = await store.change_token()
            if newest != token:
                await pin_new_revisions(store, engine, local)
                token = newest
            if time.time() - measured > HOUSEKEEPING:
                await store.set_capacity(*capacity(settings))
                await store.prune()
                measured = time.time()
        except Exception:
            log.exception("housekeeping failed", extra={"action": "housekeeping_failed"})
        await asyncio.sleep(1.0)


def capacity(settings: Settings) -> tuple[int, int, int]:
    """Memory and disk in MiB and the number of subnets that may be promised in all."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    memory = int(max(0, pages - settings.reserve_memory_mb) * settings.memory_overcommit)
    layout = Layout(settings.home)
    taken = sum(f.stat().st_blocks * 512 for f in layout.disks.glob("*.img")) // 2**20
    free = shutil.disk_usage(layout.disks).free // 2**20
    disk = max(0, free + taken - settings.reserve_disk_mb)
    return memory, disk, IPv4Network(settings.subnets).num_addresses // 8


