"""Obtaining the two images: OpenClaw's, which tenants run, and our own, which our parts run.

OpenClaw: the image that the operator configured; else one that is here; else the official one,
if a registry answers quickly; else built here out of Debian's and npm's packages. Our own is
always built here, from this source tree: system, libraries, entry point and source are stages
of their own, so a changed line of Python costs seconds and an unchanged tree nothing.

Every function answers the image's id: tags move, ids do not.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import platform
import ssl
import sys
import tempfile
import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiodocker import Docker, DockerError

import stateroom
from stateroom.runtimes import image_host as host
from stateroom.runtimes.image_stages import (
    INPUTS_LABEL,
    STAGE_LABEL,
    Files,
    ImageError,
    Say,
    Setup,
    Stage,
    Workshop,
    digest,
)

__all__ = ["ImageError", "Say", "obtain_openclaw", "obtain_own", "read_file"]

# The official image, by version. The one place that names a container registry.
OFFICIAL_OPENCLAW = "ghcr.io/openclaw/openclaw"
OPENCLAW = "stateroom/openclaw"
OWN = "stateroom/stateroom"
CABIN_INIT = "/opt/stateroom/bin/cabin-init"

_PACKAGE = Path(stateroom.__file__).parent
_REPOSITORY = _PACKAGE.parents[1]
_IMAGES = _REPOSITORY / "images"

# A registry that does not answer at once is most likely not reachable from here at all.
_ANSWER_SECONDS = 8.0
_PULL_PAUSE_SECONDS = 45.0
_KEPT_OWN_IMAGES = 3

_OPENCLAW_PROGRAM = "/opt/openclaw/node_modules/openclaw/openclaw.mjs"
_OPENCLAW_COMMAND = ("/opt/node/bin/node", _OPENCLAW_PROGRAM, "gateway", "run")
_OPENCLAW_ENVIRONMENT = {
    "PATH": "/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/data",
    "OPENCLAW_STATE_DIR": "/data",
    "OPENCLAW_NO_RESPAWN": "1",
    "OPENCLAW_DISABLE_BONJOUR": "1",
    # Portable, so that it is not one cache for each uid. Node's own read-only switch would
    # bring the uid back into its name (26.10); the root file system is read-only anyway.
    "NODE_COMPILE_CACHE": "/opt/compile-cache",
    "NODE_COMPILE_CACHE_PORTABLE": "1",
}


async def obtain_openclaw(docker: Docker, *, version: str, configured: str = "", say: Say) -> str:
    """The image id of OpenClaw at `version`, or of the image that the operator configured."""
    if configured:
        return await _obtain_configured(docker, configured, say)
    locked = locked_openclaw_version()
    stages = _openclaw_stages()
    if there := await _local_openclaw(docker, version, stages[-1].inputs):
        return there
    official = f"{OFFICIAL_OPENCLAW}:{version}"
    reason = await _pull(docker, official, say, _ANSWER_SECONDS)
    if not reason:
        return await _id_of(docker, official) or ""
    say(f"OpenClaw: {official} cannot be pulled ({reason})")
    if version != locked:
        raise ImageError(
            f"OpenClaw {version} is not here and {official} cannot be pulled ({reason}). This "
            f"Stateroom can build {locked} by itself; for another version, load its image and "
            f"tag it {OPENCLAW}:{version}."
        )
    image = await Workshop(docker, "openclaw", say).obtain(stages)
    await docker.images.tag(image, OPENCLAW, tag=version)
    return image


async def obtain_own(docker: Docker, *, say: Say) -> str:
    """The image id of our own image for this source tree."""
    stages = _own_stages()
    image = await Workshop(docker, "stateroom", say).obtain(stages)
    tag = stages[-1].inputs[:12]
    if await _id_of(docker, f"{OWN}:{tag}") != image:
        await docker.images.tag(image, OWN, tag=tag)
        await _forget_old(docker, stages[-1].name)
    return image


async def read_file(docker: Docker, image: str, path: str = CABIN_INIT) -> bytes:
    """One file out of an image; by default the entry point that every cabin gets."""
    container = await docker.containers.create({"Image": image, "Cmd": ["none"]})
    try:
        archive = await container.get_archive(path)
        member = archive.extractfile(Path(path).name)
        if member is None:
            raise ImageError(f"{path} in {image} is not a file")
        return member.read()
    finally:
        await asyncio.shield(container.delete(force=True, v=True))


def locked_openclaw_version() -> str:
    """The version that images/openclaw builds."""
    return str(_lock(_openclaw_file("package-lock.json"), "openclaw")["version"])


# ---- finding and pulling -------------------------------------------------------------------


async def _obtain_configured(docker: Docker, reference: str, say: Say) -> str:
    if there := await _id_of(docker, reference):
        return there
    reason = await _pull(docker, reference, say, _PULL_PAUSE_SECONDS)
    if reason or not (there := await _id_of(docker, reference)):
        raise ImageError(
            f"The configured OpenClaw image {reference} is not here and cannot be pulled: "
            f"{reason}. Load it with `docker load`, or unset STATEROOM_OPENCLAW_IMAGE to let "
            "Stateroom find or build one."
        )
    return there


async def _local_openclaw(docker: Docker, version: str, inputs: str) -> str | None:
    """Ours if it is what these files build; one that the operator tagged himself; the official."""
    for reference in (f"{OPENCLAW}:{version}", f"{OFFICIAL_OPENCLAW}:{version}"):
        with suppress(DockerError):
            image = await docker.images.inspect(reference)
            labels = image["Config"].get("Labels") or {}
            if labels.get(INPUTS_LABEL, inputs) == inputs:
                return str(image["Id"])
    return None


async def _id_of(docker: Docker, reference: str) -> str | None:
    try:
        return str((await docker.images.inspect(reference))["Id"])
    except DockerError as error:
        if error.status != 404:
            raise
        return None


async def _pull(docker: Docker, reference: str, say: Say, answer_seconds: float) -> str:
    """Why it could not be pulled; empty when it could. The first answer must come soon, and
    then something must move all the time; how long it takes in all is the line's business."""
    say(f"pulling {reference} …")
    events: AsyncIterator[dict[str, Any]] = docker.images.pull(reference, stream=True, timeout=None)
    deadline, layers, done = answer_seconds, set[str](), set[str]()
    try:
        while True:
            async with asyncio.timeout(deadline):
                event = await anext(events, None)
            if event is None:
                return ""
            if "layer" in event.get("status", ""):
                deadline = _PULL_PAUSE_SECONDS  # the manifest is here: the registry answers
            if event.get("status") == "Pulling fs layer":
                layers.add(event["id"])
            if event.get("status") in ("Pull complete", "Already exists"):
                layers.add(event["id"])
                done.add(event["id"])
                say(f"pulling {reference}: {len(done)} of {len(layers)} layers")
    except TimeoutError:
        return f"no answer within {deadline:.0f} s"
    except DockerError as error:
        return error.message.strip() or f"error {error.status}"


async def _forget_old(docker: Docker, stage: str) -> None:
    """Our own images of earlier source trees, but for the newest few. Those in use stay: the
    engine refuses."""
    found = await docker.images.list(filters={"label": [f"{STAGE_LABEL}={stage}"]})
    for old in sorted(found, key=lambda one: -int(one["Created"]))[_KEPT_OWN_IMAGES:]:
        for tag in old.get("RepoTags") or [old["Id"]]:
            with suppress(DockerError):
                await docker.images.delete(tag)


# ---- a base system out of Debian's packages ------------------------------------------------

# Nothing of the host may stay inside: its mirrors, its name, its resolver.
_FORGET_HOST = 'rm -f "$1/etc/apt/sources.list" "$1/etc/hostname" "$1/etc/resolv.conf"'
_LEAVE_OUT = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/doc/*")


def _packages(folder: Path) -> list[str]:
    lines = (folder / "packages").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _system_command(packages: Sequence[str]) -> list[str]:
    options = [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEAVE_OUT]
    options.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
    return [
        "mmdebstrap", "--variant=essential", f"--include={','.join(packages)}", *options,
        f"--customize-hook={_FORGET_HOST}", host.DEBIAN, "-",
    ]  # fmt: skip


def _system_stage(name: str, title: str, folder: Path) -> Stage:
    command = _system_command(_packages(folder))

    async def build(work: Workshop, stage: Stage, _base: str) -> str:
        return await work.import_system(stage, [*_mmdebstrap(command), *host.debian_sources()])

    return Stage(name, title, digest(platform.machine(), json.dumps(command)), build)


def _mmdebstrap(command: Sequence[str]) -> Sequence[str]:
    from shutil import which

    if not which(command[0]):
        raise ImageError(
            "mmdebstrap, which makes the base system, is not installed: "
            "`apt-get install mmdebstrap` (as an ordinary user also uidmap)."
        )
    return command


# ---- OpenClaw ------------------------------------------------------------------------------


def _openclaw_file(name: str) -> Path:
    path = _IMAGES / "openclaw" / name
    if not path.is_file():
        raise ImageError(f"{path} is missing: images are built from a checkout of Stateroom.")
    return path


def _lock(path: Path, package: str) -> dict[str, Any]:
    packages = json.loads(path.read_text())["packages"]
    entry: dict[str, Any] | None = packages.get(f"node_modules/{package}")
    if entry is None:
        raise ImageError(f"{path} has no {package}: OpenClaw cannot be built on this machine.")
    return entry


def _openclaw_stages() -> list[Stage]:
    files = ["package.json", "package-lock.json", "tools/package-lock.json", "install.sh"]
    system = _system_stage(
        "openclaw-system", "OpenClaw image, system", _openclaw_file("packages").parent
    )
    installed = Stage(
        "openclaw-installed",
        "OpenClaw image, Node and OpenClaw",
        digest(system.inputs, *(_openclaw_file(name) for name in files)),
        _install_openclaw,
    )
    shape = json.dumps([_OPENCLAW_ENVIRONMENT, _OPENCLAW_COMMAND])
    warmed = Stage(
        "openclaw",
        "OpenClaw image, first boot",
        digest(installed.inputs, _openclaw_file("warm.mjs"), shape),
        _warm_openclaw,
    )
    return [system, installed, warmed]


async def _install_openclaw(work: Workshop, stage: Stage, base: str) -> str:
    npm, bundle = host.npm(os.environ), host.ca_bundle(os.environ)
    files = Files()
    if bundle:
        files.add("ca.pem", bundle.read_bytes())
    files.add("env", host.shell_environment(os.environ, npm, "/build/ca.pem" if bundle else None))
    files.add("npmrc", npm.rc, 0o600)
    for name in ("package.json", "package-lock.json", "install.sh"):
        files.add(name, _openclaw_file(name).read_bytes())
    tools = _openclaw_file("tools/package-lock.json")
    for archive, package in (("node", f"node-linux-{host.node_architecture()}"), ("npm", "npm")):
        data = await _fetch_package(npm, package, _lock(tools, package))
        files.add(f"{archive}.tgz", data)
    return await work.run(
        stage, base, ["sh", "/build/install.sh"],
        into_volume=files, setup=Setup(network="host", capabilities=True),
    )  # fmt: skip


async def _fetch_package(npm: host.Npm, name: str, entry: dict[str, Any]) -> bytes:
    """An npm package's archive, checked against the lock file's checksum."""
    url = f"{npm.registry}/{name}/-/{name}-{entry['version']}.tgz"
    headers = {"Authorization": f"Bearer {npm.token}"} if npm.token else {}
    bundle = host.ca_bundle(os.environ)
    trust = ssl.create_default_context(cafile=str(bundle) if bundle else None)
    try:
        async with (
            aiohttp.ClientSession(trust_env=True, headers=headers) as session,
            session.get(url, ssl=trust) as response,
        ):
            response.raise_for_status()
            data = await response.read()
    except aiohttp.ClientError as error:
        raise ImageError(f"{url} cannot be fetched: {error}") from error
    algorithm, _, expected = str(entry["integrity"]).partition("-")
    if base64.b64encode(hashlib.new(algorithm, data).digest()).decode() != expected:
        raise ImageError(f"{url} is not the file that the lock file names: its checksum differs.")
    return data


async def _warm_openclaw(work: Workshop, stage: Stage, base: str) -> str:
    boot = f"node /build/warm.mjs {_OPENCLAW_PROGRAM} gateway run"
    return await work.run(
        stage, base,
        ["sh", "-c", f"mkdir -p /opt/compile-cache && {boot} && chmod -R a+rX /opt/compile-cache"],
        into_volume=Files().add("warm.mjs", _openclaw_file("warm.mjs").read_bytes()),
        setup=Setup(environment=_OPENCLAW_ENVIRONMENT, scratch=("/tmp", "/data")),
        changes=[f"CMD {json.dumps(_OPENCLAW_COMMAND)}"],
    )  # fmt: skip


# ---- our own image -------------------------------------------------------------------------

_OWN_ENVIRONMENT = {
    "PATH": "/opt/stateroom/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONUNBUFFERED": "1",
}
_LIBRARIES = "opt/stateroom/lib"
_PYTHON = "3.11"  # bookworm's, whatever the host's is
_GLIBC = range(17, 37)  # 2.36 is bookworm's
# The files of an image do not change, so nothing needs to be compared when they are loaded.
_COMPILE = ("python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")


def _own_file(name: str) -> Path:
    path = _IMAGES / "stateroom" / name
    if not path.is_file():
        raise ImageError(f"{path} is missing: images are built from a checkout of Stateroom.")
    return path


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((_REPOSITORY / "pyproject.toml").read_text())["project"]
    return project


def _own_stages() -> list[Stage]:
    project = _project()
    system = _system_stage("own-system", "Stateroom image, system", _own_file("packages").parent)
    libraries = Stage(
        "own-libraries",
        "Stateroom image, libraries",
        digest(
            system.inputs, json.dumps(sorted(project["dependencies"])),
            _REPOSITORY / "constraints.txt", " ".join(_COMPILE),
        ),
        _install_libraries,
    )  # fmt: skip
    entry = Stage(
        "own-entry",
        "Stateroom image, cabins' entry point",
        digest(libraries.inputs, _own_file("cabin-init.c"), " ".join(_compiler_command("", ""))),
        _install_entry,
    )
    source = Stage(
        "own",
        "Stateroom image, source",
        digest(
            entry.inputs, json.dumps([project["version"], project["scripts"], _OWN_ENVIRONMENT]),
            *_source_parts(),
        ),
        _install_source,
    )  # fmt: skip
    return [system, libraries, entry, source]


def _source_parts() -> list[str | Path]:
    """Every file of the package, by name and content."""
    parts: list[str | Path] = []
    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            parts += [str(path.relative_to(_PACKAGE)), path]
    return parts


async def _install_libraries(work: Workshop, stage: Stage, base: str) -> str:
    """Fetched by the host's pip, which knows this host's index and certificates; only wheels,
    so that nothing of theirs runs here."""
    with tempfile.TemporaryDirectory(prefix="stateroom-") as folder:
        await work.run_on_host([
            sys.executable, "-m", "pip", "install", "--no-input", "--no-compile",
            "--disable-pip-version-check", "--only-binary=:all:", f"--target={folder}",
            f"--python-version={_PYTHON}", "--implementation=cp",
            *(f"--platform={name}" for name in _platforms(platform.machine())),
            f"--constraint={_REPOSITORY / 'constraints.txt'}", *_project()["dependencies"],
        ])  # fmt: skip
        files = Files().add_tree(_LIBRARIES, Path(folder))
    # Debian's python3 looks there too; no variable that a part could be started without.
    files.add("usr/lib/python3/dist-packages/stateroom.pth", f"/{_LIBRARIES}\n")
    return await work.run(stage, base, [*_COMPILE, f"/{_LIBRARIES}"], into_image=files)


def _platforms(machine: str) -> list[str]:
    named = [f"manylinux_2_{minor}_{machine}" for minor in reversed(_GLIBC)]
    return [*named, f"manylinux2014_{machine}", f"linux_{machine}"]


def _compiler_command(source: str, target: str) -> list[str]:
    """A C compiler, unpacked into a temporary root for one call and gone again. musl, because
    a static program of it is a few kilobytes and asks nothing of the image that it runs in."""
    specs = "/usr/lib/$(uname -m)-linux-musl/musl-gcc.specs"
    compile_ = f'chroot "$1" /usr/bin/gcc -specs={specs} -std=c11 -Os -s -static -o /out /in.c'
    return [
        "mmdebstrap", "--variant=extract", "--format=null", "--include=gcc,musl-dev,musl-tools",
        f"--extract-hook=upload {source} /in.c", f"--extract-hook={compile_}",
        f"--extract-hook=download /out {target}", host.DEBIAN, "-",
    ]  # fmt: skip


async def _install_entry(work: Workshop, stage: Stage, base: str) -> str:
    with tempfile.TemporaryDirectory(prefix="stateroom-") as folder:
        # mmdebstrap may run as another user, and splits its hooks at spaces.
        Path(folder).chmod(0o777)
        source, target = Path(folder) / "in.c", Path(folder) / "out"
        source.write_bytes(_own_file("cabin-init.c").read_bytes())
        command = _mmdebstrap(_compiler_command(str(source), str(target)))
        await work.run_on_host([*command, *host.debian_sources()])
        program = target.read_bytes()
    files = Files().add(CABIN_INIT.lstrip("/"), program, 0o755)
    return await work.run(stage, base, [CABIN_INIT, "--version"], into_image=files)


async def _install_source(work: Workshop, stage: Stage, base: str) -> str:
    project, package = _project(), f"{_LIBRARIES}/stateroom"
    files = Files().add_tree(package, _PACKAGE)
    metadata = f"Metadata-Version: 2.1\nName: stateroom\nVersion: {project['version']}\n"
    files.add(f"{package}-{project['version']}.dist-info/METADATA", metadata)
    for name, place in project["scripts"].items():
        module, _, function = place.partition(":")
        program = f"#!/usr/bin/python3\nimport sys\n\nfrom {module} import {function}\n\n"
        files.add(f"opt/stateroom/bin/{name}", f"{program}sys.exit({function}())\n", 0o755)
    return await work.run(
        stage, base, [*_COMPILE, f"/{package}"], into_image=files,
        setup=Setup(environment=_OWN_ENVIRONMENT), changes=['CMD ["stateroom", "--help"]'],
    )  # fmt: skip
