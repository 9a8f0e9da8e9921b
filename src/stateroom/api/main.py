"""The api's process: builds everything once, then serves on its Unix socket until told to end."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from ipaddress import IPv4Network

import uvicorn

from stateroom.api.app import create_app
from stateroom.api.dependencies import ApiDependencies
from stateroom.api.keys import AdminKey
from stateroom.api.steward_client import SocketSteward
from stateroom.api.watch import Watcher
from stateroom.domain.cabin import Installation
from stateroom.errors import Away, StateroomError
from stateroom.layout import Layout
from stateroom.settings import Settings, load
from stateroom.store.claim import must_be_ours
from stateroom.store.database import Database
from stateroom.store.migrate import reach
from stateroom.store.repository import Repository
from stateroom.store.sealing import Sealer

log = logging.getLogger("stateroom.api")

FINISH_SECONDS = 2
"""How long open streams may hold up the end."""


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # The steward has another uid and the same group.
    os.umask(0o007)
    try:
        settings = load()
        installation = Installation(
            os.environ["STATEROOM_INSTALLATION"],
            IPv4Network(settings.subnets),
            settings.broker_port,
        )
        asyncio.run(run(settings, installation))
    except KeyError:
        sys.exit("STATEROOM_INSTALLATION is not set: `stateroom up` starts the api with it")
    except (StateroomError, OSError, ValueError) as error:
        sys.exit(f"the api cannot start: {error}")


async def run(settings: Settings, installation: Installation) -> None:
    """Until SIGTERM or SIGINT. Raises OSError where the sealing or the digest key cannot be read,
    Permanent where the database is of another version."""
    layout = Layout(settings.home)
    database = Database(settings.database_url, settings.relay)
    await reach(database)
    public_key = (layout.api / "seal.pub").read_bytes()
    await must_be_ours(database, public_key, layout.database_mark)
    sealer = Sealer(public_key)
    repository = Repository.over(database, installation, sealer)
    watcher = Watcher(repository.events.last_id)
    steward = SocketSteward(layout.steward_socket)
    app = create_app(
        ApiDependencies(
            settings,
            repository,
            steward,
            AdminKey(layout.api / "admin.sha256"),
            watcher,
            time.time,
            digest_key=(layout.api / "digest.key").read_bytes(),
        )
    )
    if not layout.api_socket.parent.is_dir():
        raise Away(f"there is no folder for {layout.api_socket}; `stateroom up` makes it")
    config = uvicorn.Config(
        app,
        uds=str(layout.api_socket),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        # Its access log has the query; ours does not.
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        await watcher.close()
        await steward.close()
        await database.close()


if __name__ == "__main__":
    main()
