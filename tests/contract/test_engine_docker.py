"""The engine's contract over the real Docker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiodocker import Docker

from stateroom.domain.cabin import Cabin
from stateroom.engines import docker_objects as objects
from stateroom.engines.docker_disks import HELPER_SECONDS
from stateroom.engines.docker_objects import MIB
from stateroom.errors import Clash, Permanent, Retryable
from tests.contract.engine_copies import CopiesSuite
from tests.contract.engine_lab import NODES, Lab, docker, run
from tests.contract.engine_services import ServicesSuite
from tests.contract.engine_suite import (
    BIGGER,
    DATA,
    IDLE,
    SMALL,
    EngineSuite,
    content,
    disks,
    running,
    spec,
)


class DockerWorld:
    def __init__(self, lab: Lab, client: Docker) -> None:
        self.lab = lab
        self.engine = lab.engine(client)
        self.image = lab.image

    def cabin(self) -> Cabin:
        return self.lab.cabin()

    def kill(self, name: str) -> None:
        docker("kill", name)
        docker("wait", name)

    def pause(self, name: str) -> None:
        docker("pause", name)

    def lose_holder(self, cabin: Cabin) -> None:
        docker("kill", objects.holder_name(cabin.name))

    def lose_disks(self, cabin: Cabin) -> None:
        """As after a reboot: neither nodes nor loops are there."""
        node = NODES / objects.disk_name(cabin.name, "data")
        loop = f"/dev/loop{node.stat().st_rdev & 0xFF}"
        node.unlink()
        run("losetup", "--detach", loop)

    def lose_content_store(self) -> None:
        (self.lab.content_root / ".store").unlink()
        for folder in self.lab.content_root.iterdir():
            shutil.rmtree(folder)

    @contextlib.contextmanager
    def no_room(self) -> Iterator[None]:
        """The host's disk is everybody's: the helper's one command that asks it for room is
        answered in its place as a full disk answers."""
        full = "fallocate() { echo 'fallocate failed: No space left on device' >&2; return 1; }\n"
        with self.helper(full):
            yield

    @contextlib.contextmanager
    def helper(self, prelude: str) -> Iterator[None]:
        """Meanwhile the helper's script begins with this."""
        disks = self.engine._disks
        script, disks._script = disks._script, prelude + disks._script
        yield
        disks._script = script


@pytest.fixture
def world(two_labs: tuple[Lab, Lab], client: Docker) -> DockerWorld:
    return DockerWorld(two_labs[0], client)


@pytest.fixture
def other(two_labs: tuple[Lab, Lab], client: Docker) -> DockerWorld:
    return DockerWorld(two_labs[1], client)


class TestDockerEngine(EngineSuite, CopiesSuite, ServicesSuite):
    """The whole contract."""


def talks(*lines: str) -> tuple[str, ...]:
    """A command that says these lines, then idles."""
    return ("sh", "-c", "".join(f"echo {line};" for line in lines) + IDLE[2])


def inside(name: str, script: str) -> str:
    return docker("exec", name, "sh", "-c", script, ok=False)


async def eventually(claim: Callable[[], bool]) -> None:
    """Within a generous time; what it waits for is usually there at once."""
    async with asyncio.timeout(20):
        while not claim():  # noqa: ASYNC110  what is waited for happens in another program
            await asyncio.sleep(0.05)


async def collect(stream: AsyncIterator[str]) -> list[str]:
    return [line.partition(" ")[2] async for line in stream]


async def test_data_survives_another_shape(world: DockerWorld) -> None:
    """What an instance wrote to its disk is there for the next one, of another shape."""
    cabin = world.cabin()
    first = await running(world, cabin)
    inside(first.name, "echo mine > /data/note")
    await world.engine.stop(first.name, 1)
    await world.engine.remove(first.name)
    second = await running(world, cabin, talks("second"))
    assert second.name != first.name
    assert inside(second.name, "cat /data/note") == "mine"


async def test_data_survives_release(world: DockerWorld) -> None:
    """A cabin that is released and prepared again finds what it had written; erased, it starts
    with an empty disk."""
    cabin = world.cabin()
    wanted = await running(world, cabin)
    inside(wanted.name, "echo mine > /data/note")
    await world.engine.release(cabin.id)
    await running(world, cabin)
    assert inside(wanted.name, "cat /data/note") == "mine"
    await world.engine.release(cabin.id)
    await world.engine.erase_data(cabin.id)
    await running(world, cabin)
    assert inside(wanted.name, "ls -A /data") == ""


async def test_a_full_disk_hurts_its_cabin_only(world: DockerWorld) -> None:
    """Writing ends at the disk's size, and another cabin still writes."""
    full, free = [await running(world, world.cabin()) for _ in range(2)]
    inside(full.name, "dd if=/dev/zero of=/data/fill bs=1M count=100")
    written = int(inside(full.name, "stat -c %s /data/fill"))
    assert 8 * MIB < written < 16 * MIB
    inside(free.name, "dd if=/dev/zero of=/data/fill bs=1M count=4")
    assert inside(free.name, "stat -c %s /data/fill") == str(4 * MIB)
    assert (await world.engine.usage(full.cabin.id)).disk_mb > 8


async def test_processes_are_counted_as_the_limit_counts_them(world: DockerWorld) -> None:
    """Each process more is one more of the cabin's, and of no other cabin's."""
    busy, idle = [await running(world, world.cabin()) for _ in range(2)]

    async def counted() -> list[int]:
        # Docker takes two readings for each, a second apart: both cabins at once.
        found = await asyncio.gather(*(world.engine.usage(one.cabin.id) for one in (busy, idle)))
        return [usage.pids for usage in found]

    before = await counted()
    docker("exec", "--detach", busy.name, "sh", "-c", "for i in 1 2 3; do sleep 600 & done; wait")
    expected = [before[0] + 4, before[1]]
    async with asyncio.timeout(20):
        while await counted() != expected:  # what was asked for begins in another program
            pass


async def test_a_node_that_leads_elsewhere_is_no_disk(world: DockerWorld) -> None:
    """When a node's loop serves another cabin's file, nothing starts on it, and prepare puts
    it right without touching either's data."""
    mine, theirs = [await running(world, world.cabin()) for _ in range(2)]
    for one in (mine, theirs):
        inside(one.name, f"echo {one.cabin.id} > /data/owner")
        await world.engine.stop(one.name, 1)
    swapped = NODES / objects.disk_name(mine.cabin.name, "data")
    wrong = (NODES / objects.disk_name(theirs.cabin.name, "data")).stat().st_rdev
    swapped.unlink()
    os.mknod(swapped, 0o600 | stat.S_IFBLK, wrong)
    view = await world.engine.observe()
    assert view.places[mine.cabin.id].disks == {}
    assert view.places[theirs.cabin.id].disks == {"data": 16}
    with pytest.raises(Retryable):
        await world.engine.start(mine.name)
    await world.engine.prepare(mine.cabin, DATA)
    for one in (mine, theirs):
        await world.engine.start(one.name)
        assert inside(one.name, "cat /data/owner") == one.cabin.id


async def test_a_disk_that_exists_is_never_formatted(world: DockerWorld) -> None:
    """A half-made image of a crashed helper is made anew; a finished one is only attached."""
    cabin = world.cabin()
    name = objects.disk_name(cabin.name, "data")
    half = world.lab.home / "disks" / f"{name}.img.new"
    half.write_bytes(b"half")
    wanted = await running(world, cabin)
    inside(wanted.name, "echo mine > /data/note")
    await world.engine.release(cabin.id)
    half.write_bytes(b"half of a second one")
    await running(world, cabin)
    assert inside(wanted.name, "cat /data/note") == "mine"


async def test_a_promised_disk_is_taken_from_the_host(world: DockerWorld) -> None:
    """The image has no holes: the host's disk cannot be promised twice."""
    cabin = world.cabin()
    await world.engine.prepare(cabin, DATA)
    image = world.lab.home / "disks" / f"{objects.disk_name(cabin.name, 'data')}.img"
    assert image.stat().st_blocks * 512 >= 16 * MIB


@pytest.mark.parametrize("after", ["fallocate", "resize2fs", "debugfs"])
async def test_a_disk_whose_growing_was_cut_short(world: DockerWorld, after: str) -> None:
    """The helper is killed in the middle: what is observed is the size that is sure, the data is
    there, and the next try finishes it."""
    cabin = world.cabin()
    wanted = await running(world, cabin)
    inside(wanted.name, "echo mine > /data/note")
    await world.engine.stop(wanted.name, 1)
    name = objects.disk_name(cabin.name, "data")
    cut = f'{after}() {{ command {after} "$@"; touch {NODES}/{name}.cut; sleep 60; }}\n'
    with world.helper(cut):
        growing = asyncio.create_task(world.engine.grow(cabin, BIGGER))
        await eventually((NODES / f"{name}.cut").exists)
        docker("kill", objects.helper_name(cabin.name))
        with pytest.raises(Retryable):
            await growing
    await world.engine.prepare(cabin, DATA)
    assert await disks(world, cabin) == {"data": 16}
    await world.engine.grow(cabin, BIGGER)
    assert await disks(world, cabin) == {"data": 24}
    await world.engine.start(wanted.name)
    assert inside(wanted.name, "cat /data/note") == "mine"
    assert int(inside(wanted.name, "df -k /data | tail -n 1").split()[1]) > 16 * 1024


async def test_what_a_killed_resize2fs_leaves_is_put_back(world: DockerWorld) -> None:
    """Killed when half of what it writes is written, here with superblock and descriptors lost,
    a growing disk is attached again by itself, with its data and its old size."""
    cabin = world.cabin()
    wanted = await running(world, cabin)
    inside(wanted.name, "echo mine > /data/note")
    await world.engine.stop(wanted.name, 1)
    name = objects.disk_name(cabin.name, "data")
    half = (
        'resize2fs() { command resize2fs "$@"; for image; do :; done; '
        "dd if=/dev/zero of=$image bs=4096 count=2 conv=notrunc; "
        f"touch {NODES}/{name}.cut; sleep 60; }}\n"
    )
    with world.helper(half):
        growing = asyncio.create_task(world.engine.grow(cabin, BIGGER))
        await eventually((NODES / f"{name}.cut").exists)
        docker("kill", objects.helper_name(cabin.name))
        with pytest.raises(Retryable):
            await growing
    await world.engine.prepare(cabin, DATA)
    assert await disks(world, cabin) == {"data": 16}
    await world.engine.start(wanted.name)
    assert inside(wanted.name, "cat /data/note") == "mine"


async def test_a_helper_at_work_is_not_ended(world: DockerWorld) -> None:
    """A steward that ends while a disk is made leaves the helper at work: the next one finds it
    so, then the disk."""
    cabin = world.cabin()
    name = objects.disk_name(cabin.name, "data")
    making, go_on = NODES / f"{name}.making", NODES / f"{name}.go"
    waits = (
        f"fallocate() {{ touch {making}; while [ ! -e {go_on} ]; do sleep 0.1; done; "
        'command fallocate "$@"; }\n'
    )
    with world.helper(waits):
        preparing = asyncio.create_task(world.engine.prepare(cabin, DATA))
        await eventually(making.exists)
        preparing.cancel()
        await asyncio.gather(preparing, return_exceptions=True)
    with pytest.raises(Retryable, match="still at work"):
        await world.engine.prepare(cabin, DATA)
    go_on.touch()
    docker("wait", objects.helper_name(cabin.name))
    await world.engine.prepare(cabin, DATA)
    assert await disks(world, cabin) == {"data": 16}


async def test_disks_do_not_wait_for_each_other(world: DockerWorld) -> None:
    """While one cabin's disk takes long, another's is made."""
    slow, quick = world.cabin(), world.cabin()
    name = objects.disk_name(slow.name, "data")
    making, go_on = NODES / f"{name}.making", NODES / f"{name}.go"
    waits = (
        f'fallocate() {{ case "$*" in *{name}*) touch {making}; '
        f"while [ ! -e {go_on} ]; do sleep 0.1; done;; esac; "
        'command fallocate "$@"; }\n'
    )
    with world.helper(waits):
        preparing = asyncio.create_task(world.engine.prepare(slow, DATA))
        await eventually(making.exists)
        await world.engine.prepare(quick, DATA)
        assert await disks(world, quick) == {"data": 16}
        assert await disks(world, slow) == {}
        go_on.touch()
        await preparing
    assert await disks(world, slow) == {"data": 16}


async def test_a_damaged_disk_can_be_deleted(world: DockerWorld) -> None:
    """One that needs a repair by hand is not used; it is taken away and erased like any other."""
    cabin = world.cabin()
    await world.engine.prepare(cabin, DATA)
    image = world.lab.home / "disks" / f"{objects.disk_name(cabin.name, 'data')}.img"
    await world.engine.release(cabin.id)
    with image.open("r+b") as file:
        file.write(bytes(8 * 4096))
    with pytest.raises(Permanent, match="repair by hand"):
        await world.engine.prepare(cabin, DATA)
    run("losetup", "--find", str(image))
    os.mknod(NODES / image.stem, 0o600 | stat.S_IFBLK, os.makedev(7, 0))
    await world.engine.release(cabin.id)
    assert run("losetup", "--noheadings", "--associated", str(image)) == ""
    run("losetup", "--find", str(image))
    await world.engine.erase_data(cabin.id)
    assert not image.exists()
    assert await disks(world, cabin) == {}


async def test_a_disk_that_is_mounted_is_not_taken_away(world: DockerWorld) -> None:
    """In use by somebody else: it is said, and it stays attached."""
    cabin = world.cabin()
    await world.engine.prepare(cabin, DATA)
    node = NODES / objects.disk_name(cabin.name, "data")
    where = world.lab.home / "mounted"
    where.mkdir(exist_ok=True)
    run("mount", str(node), str(where))
    try:
        with pytest.raises(Retryable, match="in use"):
            await world.engine.release(cabin.id)
        assert node.exists()
    finally:
        run("umount", str(where))
    await world.engine.release(cabin.id)
    assert not node.exists()


async def test_a_half_made_disk_is_freed(world: DockerWorld, other: DockerWorld) -> None:
    """What a helper that was killed has begun goes with the cabin's data, or, where nobody asks
    for that, once it is old; never another installation's, and never a whole one."""
    erased, forgotten, whole = [world.cabin() for _ in range(3)]
    await world.engine.prepare(whole, DATA)
    later = time.time() + 2 * HELPER_SECONDS + 2
    world.engine._disks._clock = lambda: later
    await world.engine.sweep()
    world.engine._disks._clock = time.time
    folder = world.lab.home / "disks"
    halves = [
        folder / f"{objects.disk_name(cabin.name, 'data')}.img.new"
        for cabin in (erased, forgotten)
    ]
    for half in halves:
        half.write_bytes(b"half")
    await world.engine.erase_data(erased.id)
    assert [half.exists() for half in halves] == [False, True]
    assert await world.engine.sweep() == 0
    for swept, engine in ((0, other.engine), (1, world.engine), (0, world.engine)):
        engine._disks._clock = lambda: later + 60
        assert await engine.sweep() == swept
    assert not halves[1].exists()
    assert await disks(world, whole) == {"data": 16}


async def test_content_changes_in_a_running_cabin(world: DockerWorld) -> None:
    """A rewritten file is seen at the same path, one that is not named any more is gone, and
    another cabin's is never there."""
    cabin = world.cabin()
    wanted = await running(world, cabin)
    await world.engine.configure(world.cabin().id, content(1, secret=b"theirs"))
    await world.engine.configure(cabin.id, content(2, **{"secrets/KEY": b"one", "old": b"x"}))
    assert inside(wanted.name, "cat /run/stateroom/secrets/KEY") == "one"
    world.pause(wanted.name)
    await world.engine.configure(cabin.id, content(3, **{"secrets/KEY": b"two"}))
    await world.engine.start(wanted.name)
    assert inside(wanted.name, "cat /run/stateroom/secrets/KEY") == "two"
    assert inside(wanted.name, "ls /run/stateroom").split() == ["env", "secrets", "version"]
    assert "denied" in inside(wanted.name, "echo x 2>&1 > /run/stateroom/env || echo denied")


async def test_no_secret_is_shown_by_docker(world: DockerWorld) -> None:
    """What is only content never appears in what Docker tells about a container."""
    cabin = world.cabin()
    await world.engine.configure(cabin.id, content(1, key=b"hunter2-of-the-tenant"))
    wanted = await running(world, cabin)
    assert "hunter2" not in docker("inspect", wanted.name, objects.holder_name(cabin.name))


async def test_how_a_cabin_is_confined(world: DockerWorld) -> None:
    """Seen from inside: own uid, no capability, no new privileges, seccomp where Docker has
    it, a read-only root, a namespace of its own, limits."""
    cabin = world.cabin()
    wanted = await running(world, cabin)
    status = dict(
        line.split(":\t", 1) for line in inside(wanted.name, "cat /proc/1/status").splitlines()
    )
    assert status["Uid"].split() == [str(cabin.uid)] * 4
    assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    filtered = "seccomp" in docker("info", "--format", "{{.SecurityOptions}}")
    assert status["Seccomp"] == ("2" if filtered else "0")
    assert inside(wanted.name, "touch /x 2>/dev/null || echo refused") == "refused"
    assert inside(wanted.name, "hostname") == cabin.hostname
    assert str(cabin.address) in inside(wanted.name, "cat /proc/net/fib_trie")
    assert inside(wanted.name, "ulimit -n") == "20000"
    memory = inside(
        wanted.name,
        "cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max",
    )
    assert memory == str(SMALL.memory_mb * MIB)
    assert inside(wanted.name, "stat -c '%u %a' /data") == f"{cabin.uid} 700"
    options = inside(wanted.name, "grep ' /data ' /proc/mounts")
    assert {"nosuid", "nodev"} <= set(options.split()[3].split(","))
    assert inside(wanted.name, "ls -A /data") == ""


async def test_logs_across_recreations(world: DockerWorld) -> None:
    """The last lines of instances that are gone come before those of today's."""
    cabin = world.cabin()
    for word in ("first", "second"):
        old = await running(world, cabin, talks(word))
        await eventually(lambda name=old.name: docker("logs", name) != "")  # type: ignore[misc]
        await world.engine.stop(old.name, 1)
        await world.engine.remove(old.name)
    today = await running(world, cabin, talks("third", "fourth"))
    await eventually(lambda: "fourth" in docker("logs", today.name))
    logs = world.engine.logs
    assert await collect(logs(cabin.id, tail=100, follow=False)) == [
        "first", "second", "third", "fourth",
    ]  # fmt: skip
    assert await collect(logs(cabin.id, tail=3, follow=False)) == ["second", "third", "fourth"]
    await world.engine.release(cabin.id)
    assert await collect(logs(cabin.id, tail=100, follow=False)) == []


async def test_logs_are_followed_into_the_next_instance(world: DockerWorld) -> None:
    """Following goes on where a restarted and a re-created instance speak, each line once."""
    cabin = world.cabin()
    first = await running(world, cabin, talks("one"))
    stream = world.engine.logs(cabin.id, tail=10, follow=True)
    async with asyncio.timeout(30):
        assert (await anext(stream)).endswith(" one")
        world.kill(first.name)
        await world.engine.start(first.name)
        assert (await anext(stream)).endswith(" one")
        await world.engine.stop(first.name, 1)
        await world.engine.remove(first.name)
        await running(world, cabin, talks("two"))
        assert (await anext(stream)).endswith(" two")
    await stream.aclose()  # type: ignore[attr-defined]


async def test_followers_do_not_stop_the_engine(
    two_labs: tuple[Lab, Lab], world: DockerWorld, tmp_path: Path
) -> None:
    """While more logs are followed than a client has connections, every other call is answered."""
    wanted = await running(world, world.cabin())
    path = tmp_path / "follow.sock"
    async with (
        CutWire(path) as wire,
        Docker() as client,
        Docker(f"unix://{path}") as listening,
    ):
        engine = two_labs[0].engine(client, listening)
        logs = [engine.logs(wanted.cabin.id, tail=0, follow=True) for _ in range(105)]
        waiting = [asyncio.ensure_future(anext(one)) for one in logs]
        # Each connection has two ends here.
        await eventually(lambda: wire.open >= 2 * 100)
        async with asyncio.timeout(20):
            assert wanted.cabin.id in (await engine.observe()).places
            await engine.prepare(world.cabin(), ())
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_an_endless_line(world: DockerWorld) -> None:
    """What a tenant says without ever ending the line is cut, followed or not, and what comes
    after it is whole."""
    cabin = world.cabin()
    loud = "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo the end; " + IDLE[2]
    wanted = await running(world, cabin, ("sh", "-c", loud))
    await eventually(lambda: docker("logs", "--tail", "1", wanted.name) == "the end")
    lines = [line async for line in world.engine.logs(cabin.id, tail=10, follow=False)]
    assert lines[-1].endswith(" the end")
    assert max(map(len, lines)) < 70_000
    stream = world.engine.logs(cabin.id, tail=0, follow=True)
    world.kill(wanted.name)
    await world.engine.start(wanted.name)
    async with asyncio.timeout(30):
        assert 60_000 < len(await anext(stream)) < 70_000
        assert (await anext(stream)).endswith(" the end")
    await stream.aclose()  # type: ignore[attr-defined]


async def test_kept_logs_are_bounded(world: DockerWorld) -> None:
    """Of an instance that said megabytes, the last quarter of one is kept."""
    cabin = world.cabin()
    loud = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo line number $i; done; echo the end; "
    wanted = await running(world, cabin, ("sh", "-c", loud + IDLE[2]))
    await eventually(lambda: docker("logs", "--tail", "1", wanted.name) == "the end")
    await world.engine.stop(wanted.name, 1)
    await world.engine.remove(wanted.name)
    (kept,) = (world.lab.home / "logs" / cabin.id).iterdir()
    assert kept.stat().st_size <= 256 * 1024
    assert kept.read_text().endswith(" the end\n")


async def test_a_helper_left_behind(world: DockerWorld) -> None:
    """One that ended is swept; one that still works is waited for."""
    cabin = world.cabin()
    name = objects.helper_name(cabin.name)
    label = f"{objects.INSTALLATION}={cabin.installation.prefix}"
    left = ("run", "--detach", "--name", name, "--label", label, "--entrypoint", "sleep")
    docker(*left, world.image, "1000")
    with pytest.raises(Retryable, match="still at work"):
        await world.engine.prepare(cabin, DATA)
    docker("kill", name)
    await world.engine.prepare(cabin, DATA)
    assert name not in docker("ps", "--all", "--format", "{{.Names}}")


async def test_helpers_left_behind_are_swept(world: DockerWorld, other: DockerWorld) -> None:
    """One that ended goes once nobody can wait for it any more: no younger one, none that works,
    no other container, and nothing of another installation."""
    cabin = world.cabin()
    wanted = await running(world, cabin)
    await world.engine.stop(wanted.name, 1)
    names = [f"{objects.helper_name(cabin.name)}-{which}" for which in ("ended", "works")]
    labels = objects.cabin_labels(cabin.installation, cabin.id, objects.HELPER_ROLE)
    words = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
    for name, command in zip(names, (["true"], ["sleep", "1000"]), strict=True):
        docker("run", "--detach", "--name", name, *words, world.image, *command)
    docker("wait", names[0])
    assert await world.engine.sweep() == 0
    later = time.time() + 2 * HELPER_SECONDS + 2
    for swept, engine in ((0, other.engine), (1, world.engine), (0, world.engine)):
        engine._disks._clock = lambda: later
        assert await engine.sweep() == swept
    left = docker("ps", "--all", "--format", "{{.Names}}").split()
    assert names[0] not in left
    assert {names[1], wanted.name, objects.holder_name(cabin.name)} <= set(left)


async def test_a_restarted_holder_is_another_one(world: DockerWorld) -> None:
    """A holder that somebody restarted keeps its id and has lost its namespace: that shows."""
    cabin = world.cabin()
    await world.engine.prepare(cabin, DATA)
    before = (await world.engine.observe()).places[cabin.id].holder
    docker("restart", "--time", "1", objects.holder_name(cabin.name))
    after = (await world.engine.observe()).places[cabin.id].holder
    assert after not in ("", before)


async def test_a_name_taken_by_a_stranger(world: DockerWorld) -> None:
    """A container of that name that is not ours is a clash, and stays."""
    cabin = world.cabin()
    wanted = spec(world, cabin)
    await world.engine.prepare(cabin, DATA)
    docker("create", "--name", wanted.name, world.image, "true")
    try:
        with pytest.raises(Clash):
            await world.engine.create(wanted)
        await world.engine.remove(wanted.name)
        assert docker("inspect", "--format", "{{.Name}}", wanted.name) == f"/{wanted.name}"
    finally:
        docker("rm", "--force", wanted.name)


async def test_a_network_of_that_name_with_another_address(world: DockerWorld) -> None:
    """A cabin whose network has another subnet than it should is said, not used."""
    cabin = world.cabin()
    await world.engine.prepare(cabin, ())
    moved = replace(cabin, slot=cabin.slot + 500)
    with pytest.raises(Clash):
        await world.engine.prepare(moved, ())


async def test_an_image_that_is_gone(world: DockerWorld) -> None:
    """Creating from an image that is not here is for people to solve."""
    cabin = world.cabin()
    await world.engine.prepare(cabin, DATA)
    wanted = spec(world, cabin)
    gone = replace(wanted, shape=replace(wanted.shape, image=f"sha256:{'0' * 64}"))
    with pytest.raises(Permanent, match="image"):
        await world.engine.create(gone)


async def test_an_image_is_pinned_by_its_id(world: DockerWorld) -> None:
    """A tag becomes an id and the command that the image names."""
    tag = f"stateroom-test/pin-{world.lab.installation.prefix}:1"
    made = docker("create", "--entrypoint", "first", world.image, "second")
    try:
        docker("commit", made, tag)
        pinned = await world.engine.pin(tag)
        assert pinned.id == docker("image", "inspect", "--format", "{{.Id}}", tag)
        assert pinned.command == ("first", "second")
    finally:
        docker("rm", made)
        docker("rmi", tag, ok=False)


async def test_no_volume_of_dockers_own(world: DockerWorld) -> None:
    """An image that declares volumes is pinned with their paths, and created only when each of
    them is the cabin's disk or memory: Docker would put others on the host's disk, uncounted."""
    tag = f"stateroom-test/volumes-{world.lab.installation.prefix}:1"
    made = docker("create", "--entrypoint", "true", world.image)
    paths = ("/data", "/tmp", "/a/b/", "/run/stateroom")
    declared = [word for path in paths for word in ("-c", f"VOLUME {path}")]
    cabin = world.cabin()
    try:
        docker("commit", *declared, made, tag)
        pinned = await world.engine.pin(tag)
        assert pinned.volumes == ("/a/b", "/data", "/tmp")
        await world.engine.prepare(cabin, DATA)
        await world.engine.configure(cabin.id, content())
        bare = spec(world, cabin)
        uncovered = replace(bare, shape=replace(bare.shape, image=pinned.id))
        with pytest.raises(Permanent, match="/a/b"):
            await world.engine.create(uncovered)
        tmpfs = (*bare.shape.tmpfs, ("/a/b", 1))
        wanted = replace(bare, shape=replace(uncovered.shape, tmpfs=tmpfs))
        await world.engine.create(wanted)
        await world.engine.start(wanted.name)
        mounts = docker("inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", wanted.name)
        assert mounts.split() == [objects.disk_name(cabin.name, "data")]
        assert "size=1024k" in inside(wanted.name, "grep ' /a/b ' /proc/mounts")
        await world.engine.release(cabin.id)
    finally:
        docker("rm", made)
        docker("rmi", tag, ok=False)


async def test_no_docker_at_all(two_labs: tuple[Lab, Lab], tmp_path: Path) -> None:
    """A Docker that is not there is tried again later, and said so."""
    async with Docker(f"unix://{tmp_path}/none.sock") as nobody:
        with pytest.raises(Retryable, match="Docker"):
            await two_labs[0].engine(nobody).observe()


async def test_events_go_on_after_the_connection_broke(
    two_labs: tuple[Lab, Lab], tmp_path: Path
) -> None:
    """When the connection for events breaks, it is made again, and what may have been missed is
    said by one "lost"."""
    path = tmp_path / "cut.sock"
    async with CutWire(path) as wire, Docker(f"unix://{path}") as client:
        stream = two_labs[0].engine(client).events()
        first = asyncio.ensure_future(anext(stream))
        await eventually(lambda: wire.open > 0)
        wire.cut()
        async with asyncio.timeout(20):
            assert (await first).kind == "lost"
        await stream.aclose()  # type: ignore[attr-defined]


class CutWire:
    """A socket in front of Docker's whose connections can be cut."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def open(self) -> int:
        return len(self._writers)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def __aenter__(self) -> CutWire:
        self._server = await asyncio.start_unix_server(self._serve, self._path)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_unix_connection("/var/run/docker.sock")
        self._writers += [writer, here]
        with contextlib.suppress(OSError):
            await asyncio.gather(_pump(reader, here), _pump(there, writer))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()
