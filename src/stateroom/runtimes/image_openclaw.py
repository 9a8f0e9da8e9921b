"""OpenClaw's image out of packages: Debian's system, npm's Node, npm's OpenClaw, one boot.

The files are in images/openclaw; their lock files hold every version and checksum. npm itself
comes with another Node from Python's index, for the build only.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from stateroom.runtimes import image_host as host
from stateroom.runtimes import node
from stateroom.runtimes.image_container import Files, Setup
from stateroom.runtimes.image_debian import system_stage
from stateroom.runtimes.image_inputs import ImageError, build_file, digest, pinned
from stateroom.runtimes.image_pip import for_images
from stateroom.runtimes.image_stages import Stage, Workshop

_PROGRAM = "/opt/openclaw/node_modules/openclaw/openclaw.mjs"
_COMMAND = ("/opt/node/bin/node", _PROGRAM, "gateway", "run")
_CACHE = "/opt/compile-cache"
_ENVIRONMENT = {
    "PATH": "/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/data",
    "OPENCLAW_STATE_DIR": "/data",
    "OPENCLAW_NO_RESPAWN": "1",
    "OPENCLAW_DISABLE_BONJOUR": "1",
    # Portable, so that it is not one cache for each uid. Node's own switch for a read-only
    # cache would bring the uid back into its name (26.10); the root is read-only anyway.
    "NODE_COMPILE_CACHE": _CACHE,
    "NODE_COMPILE_CACHE_PORTABLE": "1",
}
_BUILD_FILES = (
    "package.json", "package-lock.json", "node/package.json", "node/package-lock.json",
    "install.sh",
)  # fmt: skip
_CHANGES = (f"CMD {json.dumps(_COMMAND)}", "USER 1000:1000")


def locked_version() -> str:
    """The version that images/openclaw builds."""
    return str(_locked(_file("package-lock.json"), "openclaw")["version"])


def stages() -> list[Stage]:
    system = system_stage("openclaw-system", "OpenClaw image, system", _file("packages").parent)
    installed = Stage(
        "openclaw-installed",
        "OpenClaw image, Node and OpenClaw",
        digest(system.inputs, pinned(node.PACKAGE), *(_file(name) for name in _BUILD_FILES)),
        _install,
    )
    warmed = Stage(
        "openclaw",
        "OpenClaw image, first boot",
        digest(installed.inputs, _file("warm.mjs"), json.dumps([_ENVIRONMENT, _CHANGES])),
        _warm,
    )
    return [system, installed, warmed]


def _file(name: str) -> Path:
    return build_file("openclaw", name)


def _locked(path: Path, package: str) -> dict[str, Any]:
    packages = json.loads(path.read_text())["packages"]
    entry: dict[str, Any] | None = packages.get(f"node_modules/{package}")
    if entry is None:
        raise ImageError(f"{path} has no {package}: OpenClaw cannot be built on this machine.")
    return entry


async def _install(work: Workshop, stage: Stage, base: str) -> str:
    """With the host's network: a proxy may listen on its loopback. What leads outside (keys,
    certificates) is in the volume, which does not stay."""
    npm = host.npm(os.environ)
    authorities = host.authorities(os.environ, npm)
    inside = "/build/ca.pem" if authorities else None
    files = Files().add("env", host.shell_environment(os.environ, npm, inside), 0o600)
    files.add("npmrc", npm.user, 0o600).add("npmrc-shared", npm.shared, 0o600)
    files.add("node-name", _node_name())
    files.add("ca.pem", authorities)
    for name in _BUILD_FILES:
        files.add(name, _file(name).read_bytes())
    with tempfile.TemporaryDirectory(prefix="stateroom-") as folder:
        await work.programs.run(node.fetch_command(Path(folder), for_images()))
        builder = node.fetched(Path(folder))
        files.add_tree("bin/node", builder.program).add_tree("npm", builder.npm)
        return await work.run(
            stage,
            base,
            ["sh", "/build/install.sh"],
            into_volume=files,
            setup=Setup(network="host", capabilities=True),
        )


def _node_name() -> str:
    """The Node of this machine's architecture, as npm is asked for it."""
    name = f"node-linux-{host.node_architecture()}"
    return f"{name}@{_locked(_file('node/package-lock.json'), name)['version']}"


async def _warm(work: Workshop, stage: Stage, base: str) -> str:
    boot = f"node /build/warm.mjs {_PROGRAM} gateway run"
    return await work.run(
        stage,
        base,
        ["sh", "-c", f"mkdir -p {_CACHE} && {boot} && chmod -R a+rX {_CACHE}"],
        into_volume=Files().add("warm.mjs", _file("warm.mjs").read_bytes()),
        setup=Setup(environment=_ENVIRONMENT, scratch=("/tmp", "/data")),
        changes=_CHANGES,
    )
