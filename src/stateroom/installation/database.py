"""How an installation comes to its database: the address is handed over, and asked about.

The address of a server may hold a password. It travels as a file, from whoever runs `up` to the
helper, and from it to api and steward, a copy each; so it stands in no environment, no command
line and nothing that the engine shows.
"""

from __future__ import annotations

import asyncio
import json
import os

from aiodocker import Docker

from stateroom.errors import Permanent
from stateroom.installation import machine
from stateroom.installation import parts as table
from stateroom.layout import Layout
from stateroom.settings import Settings
from stateroom.store.address import Address

_CHECK = ["python3", "-m", "stateroom.store.check"]
_ASKED_WITHIN = 60.0


def hand_over(settings: Settings) -> Address:
    """Leaves a server's address for the helper, which gives api and steward a copy each. Raises
    Permanent with what is wrong with the address."""
    try:
        url = settings.database_url
        address = Address.of(url)
    except ValueError as error:
        raise Permanent(f"{error}. See docs/howto/postgresql.md") from error
    handed = Layout(settings.home).handed_database
    handed.unlink(missing_ok=True)
    if not address.sqlite:
        with os.fdopen(os.open(handed, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(url)
    return address


async def must_answer(docker: Docker, ground: table.Ground, file: str) -> None:
    """Asked as the steward before a part is touched: an address that leads nowhere, or to another
    installation's tenants, leaves everything running as it was. file: the steward's copy of the
    address. Raises Permanent."""
    if wrong := await _ask(docker, ground, file):
        raise Permanent(wrong)


async def _ask(docker: Docker, ground: table.Ground, file: str) -> str:
    """What keeps the steward from using the database, as a sentence; "" when nothing does. Its
    own answer, from where it stands: `store/check.py`."""
    steward = next(part for part in table.parts(ground) if part.name == "steward")
    folder = Layout(ground.settings.home).steward
    said = await machine.run_once(
        docker, ground.image, _CHECK, ground.installation.prefix, (), steward.network,
        [f"{folder}:{folder}:ro", *table.database_binds(ground)],
        {**ground.environment, "STATEROOM_DATABASE_FILE": file},
        steward.user,
    )
    return str(json.loads(said)["wrong"])


async def ask_part(docker: Docker, container: str) -> str:
    """The same of a part that runs, asked inside of it."""
    asked = await docker.containers.container(container).exec(_CHECK, stderr=False)
    async with asyncio.timeout(_ASKED_WITHIN), asked.start() as answer:
        said = b""
        while (message := await answer.read_out()) is not None:
            said += message.data
    try:
        return str(json.loads(said)["wrong"])
    except (ValueError, KeyError):
        return "it cannot be asked"
