"""What every tier shares. In CI Hypothesis draws the same examples each time, so that a run says
something about the change and not about luck; on a developer's machine it goes on searching.

Tests that need an engine run in two processes, those of a folder in one of them, in their order."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

settings.register_profile("search", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "search")


@pytest.fixture(scope="session", autouse=True)
def at_work() -> Iterator[TextIO]:
    """A lock that every process that runs tests shares until it is done: whoever restarts the
    engine waits until nobody else has it."""
    with (Path(tempfile.gettempdir()) / "stateroom-at-work.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield lock


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """What shares an installation or a lab is in one folder. Stories on real OpenClaw are in
    several, so that two run side by side, each on an installation of its own: a boot leaves a core
    half idle, and one that waits out a pause leaves both."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder | None:
    return ByFolder(config, log) if config.getvalue("dist") == "loadscope" else None
