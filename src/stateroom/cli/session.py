"""What every command runs inside: a client, a screen, and one place where it may fail."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from stateroom.cli.failure import Failure
from stateroom.cli.screen import Screen

if TYPE_CHECKING:
    from stateroom.cli.client import Api


@dataclass(frozen=True, slots=True)
class Session:
    api: Api
    screen: Screen


@contextlib.contextmanager
def session(as_json: bool) -> Iterator[Session]:
    """Ends the command with its exit code when anything inside raises Failure."""
    screen = Screen(as_json)
    with reporting(screen):
        # The HTTP library takes a tenth of a second to import: `--help` must not pay for it.
        from stateroom.cli.client import Api
        from stateroom.cli.target import find_target

        target = find_target(os.environ)
        if target.is_open_to_readers:
            screen.note(f"Warning: your key travels unencrypted to {target.host}.", "yellow")
        api = Api(target)
        try:
            yield Session(api, screen)
        finally:
            api.close()


@contextlib.contextmanager
def reporting(screen: Screen) -> Iterator[None]:
    try:
        yield
    except Failure as failure:
        screen.failure(failure)
        raise typer.Exit(int(failure.code)) from None
