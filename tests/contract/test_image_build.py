"""Stages on the real engine: built once, found again, nothing left behind, failures told."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import stat
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiodocker import Docker, DockerError

from stateroom.runtimes import image, image_debian, node
from stateroom.runtimes.image import ImageError, obtain_openclaw, obtain_own
from stateroom.runtimes.image_container import Files, Setup
from stateroom.runtimes.image_inputs import build_file, pinned
from stateroom.runtimes.image_programs import Programs
from stateroom.runtimes.image_stages import INPUTS_LABEL, STAGE_LABEL, Stage, Workshop


@pytest.fixture(scope="module")
def own_image() -> str:
    async def obtain() -> str:
        async with Docker() as docker:
            return await obtain_own(docker, say=print)

    return asyncio.run(obtain())


@pytest.fixture
async def work() -> AsyncIterator[Workshop]:
    """A family of its own for each test; its images go with it."""
    async with Docker() as docker:
        lines: list[str] = []
        made = Workshop(docker, f"test{secrets.token_hex(4)}", lines.append)
        yield made
        names = [f"{made.family}-{name}" for name in ("c", "b", "a")]
        for name in names:
            found = await docker.images.list(filters={"label": [f"{STAGE_LABEL}={name}"]}, all=True)
            for one in found:
                with suppress(DockerError):
                    await docker.images.delete(one["Id"])
        left = json.dumps({"name": [made.family]})
        assert await docker.containers.list(all=True, filters=left) == []
    await asyncio.sleep(0.2)  # a request that was broken off is closed when its bytes are out


@dataclass
class Compiler(Programs):
    """In the place of mmdebstrap and gcc: sees who may enter where it writes the program."""

    modes: list[int] = field(default_factory=list)

    async def run(self, command: Sequence[str]) -> None:
        words = " ".join(command).split()
        program = Path(next(w for w in words if w.endswith("/program") and w != "/program"))
        for folder in (program.parent, *program.parent.parents):
            if not folder.stat().st_mode & stat.S_ISVTX:
                self.modes.append(stat.S_IMODE(folder.stat().st_mode))
        program.write_bytes(b"the program")


async def test_nobody_can_replace_the_program_while_it_is_made(tmp_path: Path) -> None:
    """Every cabin starts it: no folder on the way to it may be written by another user, unless
    each may remove their own files there alone."""
    source, compiler = tmp_path / "program.c", Compiler()
    source.write_text("int main(void) { return 0; }")
    async with Docker() as docker:
        work = Workshop(docker, "none", print, compiler)
        assert await image_debian.compile_static(work, source) == b"the program"
    assert compiler.modes
    assert all(mode & 0o022 == 0 for mode in compiler.modes)


def script(work: Workshop, name: str, text: str, base: str, inputs: str = "1") -> Stage:
    async def build(shop: Workshop, stage: Stage, below: str) -> str:
        return await shop.run(
            stage, below or base, ["sh", "-c", text],
            into_image=Files().add("made/by", name),
            into_volume=Files().add("secret", "s3cret", 0o600),
            setup=Setup(scratch=("/tmp",)),
        )  # fmt: skip

    return Stage(f"{work.family}-{name}", name, inputs, build)


async def output(docker: Docker, image_id: str, command: str) -> str:
    config = {"Image": image_id, "Cmd": ["sh", "-c", command]}
    container = await docker.containers.run(config)
    try:
        await container.wait()
        return "".join(await container.log(stdout=True, stderr=True))
    finally:
        await container.delete(force=True, v=True)


async def test_a_stage_is_built_once_and_what_it_needed_does_not_stay(
    work: Workshop, own_image: str
) -> None:
    text = "cp /build/secret /tmp/x && wc -c </build/secret >/made/size && date +%N >/made/at"
    stage = script(work, "a", text, own_image)
    built = await work.obtain([stage])
    assert await work.obtain([stage]) == built
    config = (await work.docker.images.inspect(built))["Config"]
    assert config["Labels"][INPUTS_LABEL] == "1"
    assert "Volumes" not in config or not config["Volumes"]
    found = await output(work.docker, built, "cat /made/by /made/size; ls -A /tmp; ls /build")
    assert found.startswith("a6\n") and "secret" not in found.partition("\n")[2]


async def test_only_stages_above_a_change_are_built_again(work: Workshop, own_image: str) -> None:
    texts = {name: f"date +%N >/made/{name}" for name in "abc"}
    first = [script(work, name, texts[name], own_image) for name in "abc"]
    before = await output(work.docker, await work.obtain(first), "cat /made/a /made/b /made/c")
    changed = [*first[:2], script(work, "c", texts["c"], own_image, inputs="2")]
    after = await output(work.docker, await work.obtain(changed), "cat /made/a /made/b /made/c")
    assert before.splitlines()[:2] == after.splitlines()[:2]
    assert before.splitlines()[2] != after.splitlines()[2]


async def test_a_failing_script_is_told_with_its_last_lines(work: Workshop, own_image: str) -> None:
    stage = script(work, "a", "seq 100; echo no space >&2; exit 3", own_image)
    with pytest.raises(ImageError) as told:
        await work.obtain([stage])
    text = told.value.message
    assert "a failed after" in text and "exit code 3" in text
    assert "| no space" in text and "| 100" in text and "| 50\n" not in text
    assert "running the same command again" in text


async def test_a_failing_program_of_the_host_leaves_no_half_image(work: Workshop) -> None:
    async def build(shop: Workshop, stage: Stage, _base: str) -> str:
        broken = "head -c 400000 /dev/zero; echo cannot reach the mirror >&2; exit 100"
        return await shop.import_system(stage, ["sh", "-c", broken])

    stage = Stage(f"{work.family}-a", "a", "1", build)
    with pytest.raises(ImageError, match="sh ended with exit code 100"):
        await work.obtain([stage])
    labels = [f"{STAGE_LABEL}={stage.name}"]
    assert await work.docker.images.list(filters={"label": labels}, all=True) == []


async def test_a_cancelled_build_leaves_no_container(work: Workshop, own_image: str) -> None:
    building = asyncio.create_task(work.obtain([script(work, "a", "sleep 60", own_image)]))
    await asyncio.sleep(1.5)
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building  # that no container is left, the fixture asserts


async def test_of_two_who_need_an_image_one_builds(work: Workshop, own_image: str) -> None:
    stage = script(work, "a", "sleep 0.5; date +%N >/made/at", own_image)
    async with Docker() as docker:
        other = Workshop(docker, work.family, work.say)
        one, two = await asyncio.gather(work.obtain([stage]), other.obtain([stage]))
    assert one == two


async def test_our_own_image_is_found_again_without_building() -> None:
    said: list[str] = []
    async with Docker() as docker:
        built = await obtain_own(docker, say=print)
        assert await obtain_own(docker, say=said.append) == built
    assert said == []


async def test_our_own_image_has_what_its_parts_need_and_no_compiler(own_image: str) -> None:
    programs = "haproxy nft losetup mke2fs resize2fs stateroom python3 cabin-init"
    absent = "gcc cc apt-get pip mmdebstrap git"
    async with Docker() as docker:
        look = f"for one in {programs} {absent}; do command -v $one >/dev/null && echo $one; done"
        assert (await output(docker, own_image, look)).split() == programs.split()
        lua = await output(docker, own_image, "haproxy -vv")
        assert "Lua" in lua
        imported = "import aiodocker, fastapi, nacl.bindings, sqlalchemy, stateroom.settings"
        assert await output(docker, own_image, f"python3 -I -c '{imported}'") == ""


async def test_a_configured_image_that_cannot_be_had_is_an_error_and_soon() -> None:
    async with Docker() as docker:
        async with asyncio.timeout(30):
            with pytest.raises(ImageError) as told:
                await obtain_openclaw(
                    docker, version="1", configured="127.0.0.1:9/none/none:1", say=print
                )
    assert "127.0.0.1:9/none/none:1 is not here and cannot be pulled" in told.value.message


async def test_a_configured_image_that_is_here_is_used(own_image: str) -> None:
    async with Docker() as docker:
        assert await obtain_openclaw(docker, version="1", configured=own_image, say=print) == (
            own_image
        )


async def test_a_version_that_nobody_has_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(image, "OFFICIAL_OPENCLAW", "127.0.0.1:9/none/openclaw")
    async with Docker() as docker:
        with pytest.raises(ImageError, match=r"tag it stateroom/openclaw:1\.2\.3"):
            await obtain_openclaw(docker, version="1.2.3", say=print)


async def test_without_mmdebstrap_it_says_what_to_install(
    work: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    stage = image_debian.system_stage(
        f"{work.family}-a", "a", build_file("openclaw", "packages").parent
    )
    with pytest.raises(ImageError, match="apt-get install mmdebstrap"):
        await work.obtain([stage])


def test_node_and_npm_are_fetched_once_and_work(tmp_path: Path) -> None:
    """Where the machine has none they come as a wheel: npm under its own Node, and programs that
    npm starts find both. The second time nothing is fetched."""
    folder = node.programs({"PATH": "/nowhere"}, tmp_path)
    assert folder is not None
    script = '{"scripts": {"both": "node --version && npm --version"}}'
    (tmp_path / "package.json").write_text(script)
    done = subprocess.run(
        [folder / "npm", "run", "both"], cwd=tmp_path, text=True, capture_output=True, check=True,
        env={"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert f"v{pinned(node.PACKAGE)}" in done.stdout.split()
    made = folder.stat().st_ino
    assert node.programs({"PATH": "/nowhere"}, tmp_path) == folder
    assert folder.stat().st_ino == made
    assert not list(tmp_path.glob(".node-*"))


@pytest.mark.parametrize(("version", "will_do"), [("v22.1.0", True), ("v20.18.9", False)])
def test_the_machines_own_node_will_do_if_it_is_new_enough(
    tmp_path: Path, version: str, will_do: bool
) -> None:
    """An old one is passed over, and then the fetched one is used."""
    for name in ("node", "npm"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / f"node-{pinned(node.PACKAGE)}").mkdir()
    found = node.programs({"PATH": str(tmp_path)}, tmp_path)
    assert (found is None) is will_do


def test_a_node_that_cannot_be_fetched_says_what_else_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And leaves nothing half made behind."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(ImageError, match="Node 20 or newer with npm on PATH serves as well"):
        node.programs({"PATH": "/nowhere"}, tmp_path)
    assert list(tmp_path.iterdir()) == []
