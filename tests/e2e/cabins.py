"""Looking at a tenant's cabin from the host, as root: which containers it has, what they were
made from, which processes run, and doing things inside as the cabin's own user."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stateroom.domain.cabin import UIDS_PER_CABIN
from tests.e2e.installation import Said, Stateroom, docker, eventually


@dataclass(frozen=True)
class Agent:
    """A tenant's runtime: the container that is there when it is looked at."""

    stateroom: Stateroom
    slug: str
    cabin: str

    @property
    def name(self) -> str:
        found = self.names()
        assert len(found) == 1, f"{self.slug} has {found}"
        return found[0]

    def names(self) -> list[str]:
        return containers(self.stateroom, f"stateroom.cabin={self.cabin}", "stateroom.role=agent")

    @property
    def holder(self) -> str:
        return f"{self.stateroom.prefix}-{self.cabin}-holder"

    @property
    def address(self) -> str:
        networks = self._network()
        return str(networks["IPAddress"])

    @property
    def gateway(self) -> str:
        """The host's end of its bridge. Docker gives an internal network no gateway to show."""
        shown = json.loads(docker("network", "inspect", f"{self.stateroom.prefix}-{self.cabin}"))
        return str(shown[0]["IPAM"]["Config"][0]["Gateway"])

    @property
    def content(self) -> Path:
        """Its content as the host sees it."""
        volume = f"{self.stateroom.prefix}-content"
        return Path(docker("volume", "inspect", "-f", "{{.Mountpoint}}", volume)) / self.cabin

    @property
    def disk(self) -> Path:
        return self.stateroom.home / "disks" / f"{self.stateroom.prefix}-{self.cabin}-data.img"

    def inspect(self) -> dict[str, Any]:
        return dict(json.loads(docker("inspect", self.name))[0])

    @property
    def started(self) -> tuple[str, str]:
        """Changes with every restart and with every new container."""
        shown = self.inspect()
        return shown["Id"], shown["State"]["StartedAt"]

    def sh(self, script: str, ok: bool = True) -> str:
        """A shell line inside, as the cabin's user."""
        said = self.run("sh", "-c", script)
        assert not ok or said.code == 0, f"in {self.slug}: {script}: {said.err}"
        return said.out.strip()

    def disk_mb(self) -> int:
        """MiB of its file system, as it sees it."""
        return int(self.sh("df -m --output=size /data | tail -1"))

    def node(self, script: str, given: str = "") -> Said:
        """JavaScript inside: the one language that every cabin has."""
        return self.run("node", "-e", script, given=given)

    def run(self, *words: str, given: str = "") -> Said:
        """given: to read there. What is secret goes that way: the engine tells the words of every
        command to whoever listens."""
        reads = ["--interactive"] if given else []
        done = subprocess.run(
            ["docker", "exec", *reads, self.name, *words],
            input=given, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    def start_inside(self, script: str) -> None:
        """Left to itself: what it does may end it, or the shell that began it."""
        docker("exec", "--detach", self.name, "sh", "-c", script, ok=False)

    def pids(self) -> list[int]:
        """Host pids of everything inside, the first process first."""
        found = docker("top", self.name, "-eo", "pid", ok=False).split()[1:]
        return sorted(int(pid) for pid in found)

    def environment(self) -> dict[str, str]:
        """Of the runtime itself, as the kernel has it."""
        entries = Path(f"/proc/{self.runtime_pid()}/environ").read_bytes().split(b"\0")
        pairs = (entry.decode().partition("=") for entry in entries if entry)
        return {name: value for name, _, value in pairs}

    def runtime_pid(self) -> int:
        """Host pid of OpenClaw's own first process, the child of the entry point."""
        first = int(docker("inspect", "-f", "{{.State.Pid}}", self.name))
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        assert children, f"no runtime runs in {self.slug}"
        return int(children[0])

    def kill(self) -> None:
        """As the kernel or a bug would, and not by Docker, who would know that it was meant."""
        os.kill(self.runtime_pid(), signal.SIGKILL)

    def _network(self) -> dict[str, Any]:
        shown = json.loads(docker("inspect", self.holder))[0]
        return dict(shown["NetworkSettings"]["Networks"][f"{self.stateroom.prefix}-{self.cabin}"])


def agent_of(stateroom: Stateroom, slug: str) -> Agent:
    return Agent(stateroom, slug, cabin_of(stateroom, stateroom.tenant(slug)["id"]))


def cabin_of(stateroom: Stateroom, tenant: str) -> str:
    """No call of the API names a cabin, so the store is asked."""
    connection = stateroom.database()
    try:
        query = "SELECT id FROM cabins WHERE tenant = ? AND state != 'erased'"
        return str(connection.execute(query, (tenant,)).fetchone()[0])
    finally:
        connection.close()


def containers(stateroom: Stateroom, *labels: str) -> list[str]:
    """Names of all that carry these labels, of this installation."""
    words = [f"label=stateroom.installation={stateroom.prefix}", *(f"label={x}" for x in labels)]
    filters = [word for each in words for word in ("--filter", each)]
    return sorted(docker("ps", "--all", "--format", "{{.Names}}", *filters).split())


def part_pid(stateroom: Stateroom, part: str) -> int:
    """Host pid of a part of ours, 0 while it does not run."""
    return int(docker("inspect", "-f", "{{.State.Pid}}", f"{stateroom.prefix}-{part}"))


def kill_part(stateroom: Stateroom, part: str) -> int:
    """SIGKILL from the host. Answers the pid that is dead now."""
    eventually(lambda: part_pid(stateroom, part) > 0)
    pid = part_pid(stateroom, part)
    os.kill(pid, signal.SIGKILL)
    return pid


def back(stateroom: Stateroom, part: str, before: int) -> None:
    """Returns once the part runs again, by itself."""
    eventually(lambda: part_pid(stateroom, part) not in (0, before), 60)


def traces(stateroom: Stateroom, cabin: str) -> list[str]:
    """Everything on this machine that still carries a cabin's id: what erasing must leave none
    of. The database keeps its row, so that an id is never given twice."""
    name = f"{stateroom.prefix}-{cabin}"
    found: list[str] = [f"container {c}" for c in containers(stateroom, f"stateroom.cabin={cabin}")]
    for kind in ("network", "volume"):
        listed = docker(kind, "ls", "--quiet", "--filter", f"name={name}").split()
        found += [f"{kind} {each}" for each in listed]
    found += [f"file {p}" for p in stateroom.home.rglob(f"*{cabin}*")]
    found += [f"node {p}" for p in Path("/dev/stateroom").glob(f"{name}*")]
    for volume in ("content", "grants"):
        whole = f"{stateroom.prefix}-{volume}"
        mounted = Path(docker("volume", "inspect", "-f", "{{.Mountpoint}}", whole))
        found += [f"{volume} {p}" for p in mounted.rglob(f"*{cabin}*")]
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        if name in backing.read_text():
            found.append(f"loop {backing.parts[3]}")
    return found


def uids(agent: Agent) -> range:
    first = int(agent.inspect()["Config"]["User"].partition(":")[0])
    return range(first, first + UIDS_PER_CABIN)
