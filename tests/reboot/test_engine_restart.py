"""The Docker engine is restarted, and the machine as far as a test can: everything that ran runs
again by itself, and no cabin runs one instant without its firewall.

It ends every container on this machine for a moment, so it is a tier of its own, the last one,
and only `scripts/test` says that it may: STATEROOM_TEST_ENGINE_RESTART=1.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from stateroom.domain.cabin import Cabin, Installation
from tests.e2e.cabins import agent_of, containers
from tests.e2e.installation import Stateroom, docker, eventually, loops, run, sweep_host
from tests.e2e.shared import stateroom
from tests.e2e.test_parts_die import is_ready

__all__ = ["stateroom"]

SLUGS = ("acme", "globex")
PID_FILES = ("/var/run/docker.pid", "/run/docker.pid")


@pytest.fixture(autouse=True)
def _allowed() -> None:
    assert os.environ.get("STATEROOM_TEST_ENGINE_RESTART") == "1", (
        "This restarts Docker with every container on this machine: run it by `scripts/test`, "
        "or set STATEROOM_TEST_ENGINE_RESTART=1."
    )


def test_after_a_restart_of_the_engine_all_runs_again(stateroom: Stateroom) -> None:
    """Docker restarted: both tenants answer again with their data, without anybody's help."""
    with_data(stateroom)
    engine = Engine.find()
    engine.stop()
    engine.start()
    whole_again(stateroom, *SLUGS)


def test_after_a_reboot_nothing_ran_before_its_firewall(stateroom: Stateroom) -> None:
    """What a reboot takes away is taken away while Docker is down: the firewall's table, loop
    devices, device nodes, the content. Somebody who looks all the time never sees a cabin's
    runtime without the table; who ran answers again with its data, and who was put away is."""
    with_data(stateroom)
    stateroom.cli("tenants", "suspend", "globex", "--wait")
    prefix = stateroom.prefix
    engine = Engine.find()
    engine.stop()
    sweep_host(prefix)
    assert loops(prefix) == []
    table = f"stateroom_{prefix}"
    assert table not in run("nft", "list", "tables")
    with Watcher(table, [agent_of_stopped(stateroom, slug) for slug in SLUGS]) as watcher:
        engine.start()
        whole_again(stateroom, "acme")
    assert stateroom.phase("globex") == "suspended"
    assert agent_of(stateroom, "globex").pids() == []
    assert watcher.looks > 10
    assert watcher.naked == []


def with_data(stateroom: Stateroom) -> None:
    for slug in SLUGS:
        stateroom.ready(slug)
        agent_of(stateroom, slug).sh(f"echo {slug} > /data/reboot.txt")


def whole_again(stateroom: Stateroom, *slugs: str) -> None:
    for slug in slugs:
        eventually(lambda: not refused(stateroom), 120, 0.5)
        eventually(lambda slug=slug: is_ready(stateroom, slug), 240, 0.5)  # type: ignore[misc]
        assert agent_of(stateroom, slug).sh("cat /data/reboot.txt") == slug
        with stateroom.door(slug) as door:
            assert door.is_there()
    parts = containers(stateroom, "stateroom.part")
    running = docker("inspect", "-f", "{{.State.Running}}", *parts).split()
    assert running == ["true"] * 6


def refused(stateroom: Stateroom) -> bool:
    try:
        return stateroom.api("GET", "/health").status_code != 200
    except OSError:
        return True
    except Exception as error:  # noqa: BLE001  whatever a client meets while nobody listens
        return bool(str(error)) or True


def agent_of_stopped(stateroom: Stateroom, slug: str) -> str:
    """The agent's uid by the store alone: Docker does not run, and neither does the api."""
    connection = stateroom.database()
    try:
        query = (
            "SELECT c.number FROM cabins c JOIN tenants t ON c.tenant = t.id"
            " WHERE t.slug = ? AND t.gone_at = 0 AND c.state != 'erased'"
        )
        number = int(connection.execute(query, (slug,)).fetchone()[0])
    finally:
        connection.close()
    # By the same rule as the steward: uids follow from two numbers and nothing else.
    return str(Cabin(Installation(stateroom.prefix[2:]), "00000000", number, 0).uid)


class Watcher:
    """Looks without a pause: does a runtime of a cabin's uid exist, and was the firewall there
    before? The namespace's holder, which runs nothing of the tenant's, does not count."""

    def __init__(self, table: str, uids: list[str]) -> None:
        self.table, self.uids = table, {int(uid) for uid in uids}
        self.looks = 0
        self.naked: list[str] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ending.is_set():
            # The table first: if it is not there now, no runtime may have begun before.
            there = self.table in run("nft", "list", "tables", ok=False)
            found = [] if there else runtimes(self.uids)
            if found and self.table not in run("nft", "list", "tables", ok=False):
                self.naked += found
            self.looks += 1
            time.sleep(0.05)


def runtimes(uids: set[int]) -> list[str]:
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and process.stat().st_uid in uids:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if " hold" not in command:
                    found.append(command)
        except OSError:
            continue
    return found


class Engine:
    """The machine's dockerd: by systemd where there is one, else as whoever started it did."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        self.environment = dict(
            entry.split(b"=", 1)
            for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if b"=" in entry
        )
        self.systemd = Path("/run/systemd/system").is_dir()

    @classmethod
    def find(cls) -> Engine:
        for path in PID_FILES:
            if Path(path).exists():
                return cls(int(Path(path).read_text()))
        raise AssertionError("dockerd writes no pid file here: it cannot be restarted")

    def stop(self) -> None:
        if self.systemd:
            run("systemctl", "stop", "docker.socket", "docker.service")
            return
        os.kill(self.pid, signal.SIGTERM)
        eventually(lambda: not alive(self.pid), 120)

    def start(self) -> None:
        if self.systemd:
            run("systemctl", "start", "docker.service")
        else:
            # It outlives this test, so nobody waits for it here.
            subprocess.Popen(
                self.words, env=self.environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            ).returncode = 0  # fmt: skip
        eventually(lambda: bool(docker("version", "-f", "{{.Server.Version}}", ok=False)), 120)


def alive(pid: int) -> bool:
    """A zombie, which nobody has collected yet, is dead."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
