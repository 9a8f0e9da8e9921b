"""What `up`, `down` and `doctor` share: the settings, and what can go wrong on this machine.

They alone reach further than the API, so they alone meet Docker, the home's files and a full disk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stateroom.cli.failure import Failure

if TYPE_CHECKING:
    from stateroom.settings import Settings


def read_settings() -> Settings:
    """Raises Failure with the setting that cannot be."""
    from stateroom.settings import load

    try:
        return load()
    except ValueError as error:
        raise Failure(f"{error}. Correct it and repeat the command.") from error


NO_ANSWER = 900
"""The client's own status for an engine that it cannot reach."""


@contextlib.contextmanager
def trouble_told() -> Iterator[None]:
    """Raises Failure for what the installation, Docker and the file system refuse."""
    from aiodocker.exceptions import DockerError

    from stateroom.errors import StateroomError

    try:
        yield
    except StateroomError as error:
        raise Failure(_sentence(error.message)) from error
    except DockerError as error:
        if error.status == NO_ANSWER:
            raise Failure(f"{error.message}. `scripts/up` installs and starts Docker.") from error
        raise Failure(f"Docker refused: {error.message}. See `stateroom doctor`.") from error
    except PermissionError as error:
        raise Failure(f"{error}. Run it as root, or as a user who may use Docker.") from error
    except TimeoutError as error:
        raise Failure(
            "Docker did not answer in time. See `stateroom doctor`, and repeat the command."
        ) from error
    except OSError as error:
        raise Failure(f"{error}. See `stateroom doctor`, and repeat the command.") from error


def _sentence(message: str) -> str:
    return message if message.endswith((".", "!", "?")) else f"{message}."
