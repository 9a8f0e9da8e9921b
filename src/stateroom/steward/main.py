"""The steward's process: one per installation; runs the loop until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from stateroom.errors import StateroomError
from stateroom.layout import Layout
from stateroom.settings import Settings, load
from stateroom.steward.socket import make_app, serve
from stateroom.steward.wiring import Place, Steward, build
from stateroom.store.claim import Hold, claim
from stateroom.store.claim import only_steward as only_on_database
from stateroom.store.database import Database
from stateroom.store.migrate import reach
from stateroom.store.sealing import public_of

log = logging.getLogger("stateroom.steward")


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # The api has another uid and the same group.
    os.umask(0o007)
    try:
        settings = load()
        with only_steward(Layout(settings.home).steward / "lock"):
            asyncio.run(run(settings, Place.read(settings)))
    except BlockingIOError:
        sys.exit("another steward runs on this home; there is only one")
    except KeyError as error:
        sys.exit(f"{error} is not set: `stateroom up` starts the steward with it")
    except (StateroomError, OSError, ValueError) as error:
        sys.exit(f"the steward cannot run: {error}")


@contextlib.contextmanager
def only_steward(path: Path) -> Iterator[None]:
    """The installation's lock; raises BlockingIOError when somebody has it. The kernel frees
    it with the process, however that ends."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


async def run(settings: Settings, place: Place) -> None:
    layout = Layout(settings.home)
    database = Database(settings.database_url, settings.relay)
    await reach(database)
    public_key = public_of((layout.steward / "seal.key").read_bytes())
    await claim(database, public_key, layout.database_mark)
    async with only_on_database(database) as hold:
        steward = build(settings, place, database)
        runner = await serve(make_app(steward.services), layout.steward_socket)
        try:
            await _until_told(steward, hold)
        finally:
            await runner.cleanup()
            await steward.close()


async def _until_told(steward: Steward, hold: Hold) -> None:
    """Raises what ended the loop or the housekeeping, should one of them ever end: half a
    steward is worse than one that is started again."""
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    tasks = [
        asyncio.create_task(ending.wait()),
        asyncio.create_task(steward.loop.run()),
        asyncio.create_task(steward.housekeeping.run()),
        asyncio.create_task(steward.webhook.run()),
        asyncio.create_task(steward.hearing.run()),
        asyncio.create_task(hold.run()),
    ]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for task in done:
        task.result()
