"""The entry point of every cabin, in containers as strict as a cabin: no network, a read-only
root, no capability, a uid that no file belongs to."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiodocker import Docker, DockerError
from aiodocker.containers import DockerContainer

from stateroom.domain.inventory import Installed
from stateroom.engines.docker_content import told
from stateroom.runtimes.image import obtain_own

PROGRAM = "/opt/stateroom/bin/cabin-init"
UID = os.getuid() or 54321


@pytest.fixture(scope="module")
def image() -> str:
    async def obtain() -> str:
        async with Docker() as docker:
            return await obtain_own(docker, say=print)

    return asyncio.run(obtain())


@dataclass
class Cabin:
    """A container under the entry point, with its content and /data as folders of ours."""

    docker: Docker
    image: str
    folder: Path
    containers: list[DockerContainer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.content, self.data = self.folder / "content", self.folder / "data"
        self.content.mkdir()
        self.data.mkdir()
        os.chown(self.data, UID, UID)

    def put(self, name: str, text: str | bytes, mode: int = 0o644) -> None:
        """As the platform does: written beside its place, then renamed into it."""
        path = self.content / name
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.folder / "scratch"
        scratch.write_bytes(text.encode() if isinstance(text, str) else text)
        scratch.chmod(mode)
        scratch.rename(path)

    def publish(self, version: str = "1") -> None:
        self.put("version", version)

    async def start(
        self, *words: str, environment: tuple[str, ...] = (), **host: Any
    ) -> DockerContainer:
        binds = [f"{self.content}:/run/stateroom:ro", f"{self.data}:/data"]
        config: dict[str, Any] = {
            "Image": self.image,
            "Entrypoint": [PROGRAM],
            "Cmd": list(words),
            "User": f"{UID}:{UID}",
            "Env": list(environment),
            "HostConfig": {
                "Binds": binds,
                "NetworkMode": "none",
                "ReadonlyRootfs": True,
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges"],
                **host,
            },
        }
        container = await self.docker.containers.create(config)
        self.containers.append(container)
        await container.start()
        return container

    async def shell(self, script: str, **more: Any) -> DockerContainer:
        return await self.start("run", "--", "sh", "-c", script, **more)

    async def run(self, script: str, **more: Any) -> tuple[int, str]:
        """What it answers and all that is said, by us and by it, in order: the engine takes two
        streams apart, and puts them together in any."""
        container = await self.shell(f"exec >&2; {script}", **more)
        return await code(container), await log(container)


@pytest.fixture
async def cabin(image: str, tmp_path: Path) -> AsyncIterator[Cabin]:
    async with Docker() as docker:
        made = Cabin(docker, image, tmp_path)
        yield made
        for container in made.containers:
            with suppress(DockerError):
                await container.delete(force=True, v=True)


async def code(container: DockerContainer) -> int:
    async with asyncio.timeout(20):
        return int((await container.wait())["StatusCode"])


async def log(container: DockerContainer) -> str:
    return "".join(await container.log(stdout=True, stderr=True))


async def until(what: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while True:
            answer = what()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.05)


async def says(container: DockerContainer, text: str) -> None:
    async def there() -> bool:
        return text in await log(container)

    await until(there)


async def test_it_tells_its_version_and_its_usage(cabin: Cabin) -> None:
    told = await cabin.start("--version")
    assert await code(told) == 0
    assert (await log(told)).startswith("cabin-init ")
    wrong = await cabin.start("run", "sh")
    assert await code(wrong) == 64
    assert (await log(wrong)).startswith("stateroom: usage: ")


# ---- content and environment ---------------------------------------------------------------


async def test_nothing_runs_before_there_is_content(cabin: Cabin) -> None:
    container = await cabin.shell("echo started; cat /data/workspace/AGENTS.md")
    await asyncio.sleep(0.7)
    assert await log(container) == ""
    cabin.put("install/workspace/AGENTS.md", "be kind\n")
    await asyncio.sleep(0.3)
    assert await log(container) == ""
    cabin.publish()
    assert await code(container) == 0
    assert await log(container) == "started\nbe kind\n"


async def test_a_container_without_content_still_goes_when_told_to(cabin: Cabin) -> None:
    container = await cabin.shell("echo started")
    begun = time.monotonic()
    await container.stop(t=10)
    assert time.monotonic() - begun < 3
    assert await code(container) == 128 + 15
    assert await log(container) == ""


async def test_the_platforms_environment_wins_and_the_later_entry(cabin: Cabin) -> None:
    cabin.put("env", b"A=1\0B=two words=and signs\0\0A=2\0LINES=x\ny\0")
    cabin.publish()
    ended, text = await cabin.run(
        'printf "%s|" "$A" "$B" "$C" "$LINES"', environment=("A=0", "C=kept")
    )
    assert (ended, text) == (0, "2|two words=and signs|kept|x\ny|")


async def test_a_bad_entry_is_told_without_being_shown(cabin: Cabin) -> None:
    cabin.put("env", b"a-secret-without-a-name\0=another\0GOOD=1")
    cabin.publish()
    ended, text = await cabin.run("echo $GOOD")
    assert ended == 0
    # Two streams: which of them is shown first is luck.
    assert "env holds an entry that is not NAME=VALUE" in text and "1" in text.splitlines()
    assert "secret" not in text and "another" not in text


# ---- /data, which belongs to the tenant ----------------------------------------------------


async def test_what_was_installed_is_told_by_locks(cabin: Cabin) -> None:
    """The word is about the version that was installed, comes after the files, and goes with the
    entry point; what cannot be installed whole is told, too."""
    version, agents = cabin.content / "version", cabin.data / "workspace/AGENTS.md"
    cabin.put("install/workspace/AGENTS.md", "one")
    cabin.publish("1")
    container = await cabin.shell("trap 'exit 0' TERM; echo up; while :; do sleep 0.1; done")
    await says(container, "up")
    assert told(version) is Installed.YES and agents.read_text() == "one"

    cabin.put("install/workspace/AGENTS.md", "two")
    cabin.publish("2")
    await until(lambda: told(version) is Installed.YES)
    assert agents.read_text() == "two"

    agents.unlink()
    agents.mkdir()
    (agents / "in the way").write_text("")
    cabin.publish("3")
    await says(container, "cannot write /data/workspace/AGENTS.md")
    await until(lambda: told(version) is Installed.NO)

    shutil.rmtree(agents)
    cabin.publish("4")
    await until(lambda: told(version) is Installed.YES)
    await container.stop(t=10)
    assert told(version) is Installed.UNTOLD


async def test_files_are_private_and_rewritten_only_when_they_differ(cabin: Cabin) -> None:
    cabin.put("install/workspace/AGENTS.md", "one")
    cabin.put("install/deep/er/still", "x" * 100_000)
    cabin.publish("1")
    container = await cabin.shell("trap 'exit 0' TERM; echo up; while :; do sleep 0.1; done")
    await says(container, "up")
    agents, still = cabin.data / "workspace/AGENTS.md", cabin.data / "deep/er/still"
    assert agents.read_text() == "one" and still.stat().st_size == 100_000
    assert stat.S_IMODE(agents.stat().st_mode) == 0o600 and agents.stat().st_uid == UID
    assert stat.S_IMODE(agents.parent.stat().st_mode) == 0o700
    kept = still.stat().st_ino

    cabin.put("install/workspace/AGENTS.md", "two")
    await asyncio.sleep(0.3)
    assert agents.read_text() == "one", "content is taken over when its version is there"
    cabin.publish("2")
    await until(lambda: agents.read_text() == "two")
    assert still.stat().st_ino == kept
    assert sorted(path.name for path in agents.parent.iterdir()) == ["AGENTS.md"]
    assert await log(container) == "up\n"


async def test_a_file_that_the_tenant_changed_is_put_back(cabin: Cabin) -> None:
    cabin.put("install/AGENTS.md", "ours")
    (cabin.data / "AGENTS.md").write_text("mine")
    cabin.publish()
    assert await cabin.run("cat /data/AGENTS.md") == (0, "ours")


async def test_no_link_leads_out_of_data(cabin: Cabin) -> None:
    outside = cabin.folder / "outside"
    outside.mkdir()
    os.chown(outside, UID, UID)
    (outside / "file").write_text("untouched")
    (cabin.data / "workspace").symlink_to("/outside")
    (cabin.data / "here").symlink_to("/data/elsewhere")
    (cabin.data / "elsewhere").mkdir()
    (cabin.data / "file").symlink_to("/outside/file")
    for path in ("workspace/AGENTS.md", "here/one", "file"):
        cabin.put(f"install/{path}", "new")
    cabin.publish()
    binds = [
        f"{cabin.content}:/run/stateroom:ro", f"{cabin.data}:/data", f"{outside}:/outside",
    ]  # fmt: skip
    ended, text = await cabin.run("echo up", Binds=binds)
    assert ended == 0 and text.endswith("up\n")
    assert "stateroom: cannot enter /data/workspace: " in text
    assert "stateroom: cannot enter /data/here: " in text
    assert [path.name for path in outside.iterdir()] == ["file"]
    assert (outside / "file").read_text() == "untouched"
    assert list((cabin.data / "elsewhere").iterdir()) == []
    replaced = cabin.data / "file"
    assert not replaced.is_symlink() and replaced.read_text() == "new"


async def test_pipes_and_directories_in_a_files_place_stop_nothing(cabin: Cabin) -> None:
    os.mkfifo(cabin.data / "pipe")
    os.chown(cabin.data / "pipe", UID, UID)
    (cabin.data / "folder").mkdir()
    (cabin.data / "plain").write_text("a file where a folder should be")
    for path in ("pipe", "folder", "plain/below"):
        cabin.put(f"install/{path}", "new")
    cabin.publish()
    ended, text = await cabin.run("cat /data/pipe")
    assert ended == 0 and text.endswith("new")
    assert "stateroom: cannot write /data/folder: " in text
    assert "stateroom: cannot enter /data/plain: " in text
    assert (cabin.data / "folder").is_dir() and list((cabin.data / "folder").iterdir()) == []
    assert sorted(path.name for path in cabin.data.iterdir()) == ["folder", "pipe", "plain"]


async def test_what_lies_in_the_way_of_the_temporary_file_stops_nothing(cabin: Cabin) -> None:
    (cabin.data / ".stateroom-incoming").symlink_to("/data/target")
    cabin.put("install/file", "new")
    cabin.publish()
    assert await cabin.run("cat /data/file; ls -A /data") == (0, "newfile\n")


async def test_a_full_data_is_told_and_stops_nothing(cabin: Cabin) -> None:
    cabin.put("install/workspace/big", b"x" * 200_000)
    cabin.put("install/workspace/small", "fits")
    cabin.publish()
    ended, text = await cabin.run(
        "cat /data/workspace/small; ls -A /data/workspace",
        Binds=[f"{cabin.content}:/run/stateroom:ro"],
        Tmpfs={"/data": f"size=64k,uid={UID},mode=0700"},
    )
    assert ended == 0
    assert "stateroom: cannot write /data/workspace/big: No space left on device" in text
    assert text.endswith("fitssmall\n")


async def test_without_a_data_volume_the_command_runs(cabin: Cabin) -> None:
    cabin.put("install/file", "new")
    cabin.publish()
    ended, text = await cabin.run("echo up", Binds=[f"{cabin.content}:/run/stateroom:ro"])
    assert ended == 0
    assert "stateroom: cannot install into /data" in text and text.endswith("up\n")


async def test_names_of_the_tenant_cannot_forge_log_lines(cabin: Cabin) -> None:
    (cabin.data / "a\nstateroom: b").symlink_to("/")
    cabin.put("install/a\nstateroom: b/file", "new")
    cabin.publish()
    _, text = await cabin.run("true")
    assert text.startswith("stateroom: cannot enter /data/a?stateroom: b: ")
    assert text.count("\n") == 1


# ---- processes and signals -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "expected"),
    [("exit 7", 7), ("kill -9 $$", 128 + 9), ("kill -TERM $$", 128 + 15), ("true", 0)],
)
async def test_it_ends_as_its_command_ends(cabin: Cabin, script: str, expected: int) -> None:
    cabin.publish()
    assert (await cabin.run(script))[0] == expected


async def test_a_command_that_is_not_there(cabin: Cabin) -> None:
    cabin.publish()
    container = await cabin.start("run", "--", "no-such-program")
    assert await code(container) == 127
    assert "stateroom: cannot run no-such-program: " in await log(container)


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2"])
async def test_signals_reach_the_command_once(cabin: Cabin, name: str) -> None:
    cabin.publish()
    script = f"n=0; trap 'n=$((n+1)); echo got $n' {name}; echo up; while :; do sleep 0.05; done"
    container = await cabin.shell(script)
    await says(container, "up")
    await container.kill(signal=f"SIG{name}")
    await says(container, "got 1")
    await asyncio.sleep(0.3)
    assert "got 2" not in await log(container)


async def test_orphans_are_collected(cabin: Cabin) -> None:
    cabin.publish()
    orphans = "for i in 1 2 3 4 5; do (sh -c 'sleep 0.1 & exec true'); done; sleep 0.6;"
    count = "cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z '"
    assert await cabin.run(f"{orphans} {count} || true") == (0, "0\n")


async def test_it_is_small_and_idle(cabin: Cabin) -> None:
    """How often it went to sleep of itself while its program slept: a loop that asks would do so
    again and again, however busy the machine is."""
    cabin.publish()
    asks = "grep ^voluntary /proc/1/status"
    ended, text = await cabin.run(f"grep VmRSS /proc/1/status; {asks}; sleep 1; {asks}")
    assert ended == 0
    resident, before, after = (int(line.split()[1]) for line in text.splitlines())
    assert resident < 1024
    assert after - before <= 2


async def test_a_health_command_has_the_services_environment(cabin: Cabin) -> None:
    """What the engine runs inside finds the variables that the service was started with, and its
    own end is what counts."""
    cabin.put("env", b"KEY=inside\0")
    for script, expected in (('test "$KEY" = inside', 0), ("exit 3", 3)):
        container = await cabin.start("ask", "--", "sh", "-c", script)
        assert await code(container) == expected
    container = await cabin.start("ask", "--", "/no/such/program")
    assert await code(container) == 1
    assert "cannot run /no/such/program" in await log(container)


async def test_knocking_tells_whether_somebody_listens(cabin: Cabin) -> None:
    """On the loopback address of the cabin, whatever is in the image."""
    cabin.publish()
    listen = "s = __import__('socket').create_server(('127.0.0.1', 5432))\nwhile True: s.accept()"
    container = await cabin.start("run", "--", "python3", "-c", listen)

    async def knocks(port: str) -> int:
        exec_ = await container.exec([PROGRAM, "knock", port])
        await exec_.start(detach=True)
        async with asyncio.timeout(20):
            ended = (await exec_.inspect())["ExitCode"]
            while ended is None:
                await asyncio.sleep(0.05)
                ended = (await exec_.inspect())["ExitCode"]
        return int(ended)

    async with asyncio.timeout(20):
        while await knocks("5432"):  # noqa: ASYNC110  what is waited for is another program
            await asyncio.sleep(0.1)
    assert await knocks("5433") == 1
    for wrong in ("0", "65536", "x", ""):
        assert await knocks(wrong) == 64


async def test_the_holder_sleeps_collects_and_goes_at_once(cabin: Cabin) -> None:
    container = await cabin.start("hold")
    exec_ = await container.exec(["sh", "-c", "(sh -c 'sleep 0.1 & exec true'); sleep 0.4"])
    await exec_.start(detach=True)
    await asyncio.sleep(0.8)
    processes = (await container.top())["Processes"]
    assert len(processes) == 1
    begun = time.monotonic()
    await container.stop(t=10)
    assert time.monotonic() - begun < 2
    assert await code(container) == 0
