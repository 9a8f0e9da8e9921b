"""OpenClaw's image out of packages: Debian's system, npm's Node, npm's OpenClaw, one boot.

The files are in images/openclaw; their lock files hold every version and checksum.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import ssl
from pathlib import Path
from typing import Any

import aiohttp

from stateroom.runtimes import image_host as host
from stateroom.runtimes.image_debian import system_stage
from stateroom.runtimes.image_stages import (
    Files,
    ImageError,
    Setup,
    Stage,
    Workshop,
    build_file,
    digest,
)

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
_CHANGES = (f"CMD {json.dumps(_COMMAND)}", "USER 1000:1000")


def locked_version() -> str:
    """The version that images/openclaw builds."""
    return str(_locked(_file("package-lock.json"), "openclaw")["version"])


def stages() -> list[Stage]:
    files = ["package.json", "package-lock.json", "tools/package-lock.json", "install.sh"]
    system = system_stage("openclaw-system", "OpenClaw image, system", _file("packages").parent)
    installed = Stage(
        "openclaw-installed",
        "OpenClaw image, Node and OpenClaw",
        digest(system.inputs, *(_file(name) for name in files)),
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
    npm, bundle = host.npm(os.environ), host.ca_bundle(os.environ)
    inside = "/build/ca.pem" if bundle else None
    files = Files().add("env", host.shell_environment(os.environ, npm, inside), 0o600)
    files.add("npmrc", npm.rc, 0o600)
    if bundle:
        files.add("ca.pem", bundle.read_bytes())
    for name in ("package.json", "package-lock.json", "install.sh"):
        files.add(name, _file(name).read_bytes())
    for name, package in (("node", f"node-linux-{host.node_architecture()}"), ("npm", "npm")):
        files.add(f"{name}.tgz", await _fetch(npm, package, bundle))
    return await work.run(
        stage,
        base,
        ["sh", "/build/install.sh"],
        into_volume=files,
        setup=Setup(network="host", capabilities=True),
    )


async def _fetch(npm: host.Npm, name: str, bundle: Path | None) -> bytes:
    """An npm package's archive, checked against the lock file's checksum."""
    entry = _locked(_file("tools/package-lock.json"), name)
    url = f"{npm.registry}/{name}/-/{name}-{entry['version']}.tgz"
    headers = {"Authorization": f"Bearer {npm.token}"} if npm.token else {}
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
    check(url, data, str(entry["integrity"]))
    return data


def check(url: str, data: bytes, integrity: str) -> None:
    algorithm, _, expected = integrity.partition("-")
    if base64.b64encode(hashlib.new(algorithm, data).digest()).decode() != expected:
        raise ImageError(f"{url} is not the file that the lock file names: its checksum differs.")


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
