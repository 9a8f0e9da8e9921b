"""One real installation for every end-to-end test: raised by the real `stateroom up`, shared
because each OpenClaw takes ten seconds of both cores, and swept before and after."""

from __future__ import annotations

import fcntl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.installation import BLUEPRINT, MAIN, OTHER, Stateroom, sweep


@contextmanager
def raised() -> Iterator[Stateroom]:
    """The shared installation with the sample's two tenants, acme and globex."""
    _need_docker()
    with (Path(tempfile.gettempdir()) / "stateroom-e2e.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sweep(MAIN)
        sweep(OTHER)
        try:
            with listened(MAIN.events):
                MAIN.first_up = MAIN.cli("up")
                MAIN.cli("blueprints", "apply", str(BLUEPRINT))
                yield MAIN
        finally:
            sweep(OTHER)
            sweep(MAIN)


@contextmanager
def listened(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as events:
        words = ("docker", "events", "--format", "{{json .}}")
        with subprocess.Popen(words, stdout=events, stderr=subprocess.DEVNULL) as listening:
            try:
                yield
            finally:
                listening.terminate()
    file.unlink()


def _need_docker() -> None:
    done = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        "These tests need the real Docker, and it does not answer: start it, or let scripts/test "
        f"install it. {done.stderr.strip()}"
    )
