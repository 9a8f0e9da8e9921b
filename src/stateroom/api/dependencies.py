"""What the api is built from: handed in once, the same for every request."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from stateroom.api.attempts import Attempts
from stateroom.api.intake import Intake
from stateroom.api.keys import AdminKey
from stateroom.api.steward_client import StewardClient
from stateroom.api.watch import Watcher
from stateroom.settings import Settings
from stateroom.store.repository import Repository


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """clock: seconds since the epoch. heartbeat: seconds between the comments of a quiet
    stream. attempts: counts those to sign in that were wrong. intake: what bodies pass through.
    digest_key: what keys the digests of requests that are remembered; the same after a restart,
    and not in the database."""

    settings: Settings
    repository: Repository
    steward: StewardClient
    admin: AdminKey
    watcher: Watcher
    clock: Callable[[], float]
    heartbeat: float = 15.0
    attempts: Attempts = field(default_factory=lambda: Attempts(time.monotonic))
    intake: Intake = field(default_factory=Intake)
    digest_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)


def dependencies_of(request: Request) -> ApiDependencies:
    found = request.app.state.dependencies
    assert isinstance(found, ApiDependencies)
    return found


Deps = Annotated[ApiDependencies, Depends(dependencies_of)]
