"""Our own image: the system, our libraries, the cabins' entry point, our source.

In this order, the seldom changed first: a changed line of Python builds the last stage only.
"""

from __future__ import annotations

import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import stateroom
from stateroom.runtimes import image_pip
from stateroom.runtimes.image_container import Files, Setup
from stateroom.runtimes.image_debian import compile_static, compiler_command, system_stage
from stateroom.runtimes.image_inputs import REPOSITORY, build_file, constraints, digest
from stateroom.runtimes.image_stages import Stage, Workshop

CABIN_INIT = "/opt/stateroom/bin/cabin-init"

_PACKAGE = Path(stateroom.__file__).parent
_LIBRARIES = "opt/stateroom/lib"
_ENVIRONMENT = {
    "PATH": "/opt/stateroom/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONUNBUFFERED": "1",
}
# An image's files do not change, so Python need not compare anything when it loads them.
_COMPILE = ("python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")


def stages() -> list[Stage]:
    project = _project()
    packages = build_file("stateroom", "packages")
    system = system_stage("own-system", "Stateroom image, system", packages.parent)
    libraries = Stage(
        "own-libraries",
        "Stateroom image, libraries",
        digest(
            system.inputs,
            json.dumps([_COMPILE, sorted(project["dependencies"])]),
            constraints(),
        ),
        _install_libraries,
    )
    entry = Stage(
        "own-entry",
        "Stateroom image, cabins' entry point",
        digest(libraries.inputs, _cabin_init(), json.dumps(compiler_command("", ""))),
        _install_entry,
    )
    shape = json.dumps([project["version"], project["scripts"], _ENVIRONMENT])
    files = _source()
    parts = [part for name, data in files.items() for part in (name, data)]

    async def install(work: Workshop, stage: Stage, base: str) -> str:
        return await _install_source(work, stage, base, files)

    source = Stage("own", "Stateroom image, source", digest(entry.inputs, shape, *parts), install)
    return [system, libraries, entry, source]


def _project() -> dict[str, Any]:
    document = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    project: dict[str, Any] = document["project"]
    return project


def _cabin_init() -> Path:
    return build_file("stateroom", "cabin-init.c")


def _source() -> dict[str, bytes]:
    """Every file of the package by name, read once: the source may change while it is packed,
    and an image must hold what its label says."""
    paths = (path for path in sorted(_PACKAGE.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(_PACKAGE)): path.read_bytes()
        for path in paths
        if "__pycache__" not in path.parts
    }


async def _install_libraries(work: Workshop, stage: Stage, base: str) -> str:
    with tempfile.TemporaryDirectory(prefix="stateroom-") as folder:
        needed = _project()["dependencies"]
        command = image_pip.install_command(Path(folder), needed, image_pip.for_images())
        await work.programs.run(command)
        files = Files().add_tree(_LIBRARIES, Path(folder))
        # Debian's python3 looks there too: no variable that a part could be started without.
        files.add("usr/lib/python3/dist-packages/stateroom.pth", f"/{_LIBRARIES}\n")
        return await work.run(stage, base, [*_COMPILE, f"/{_LIBRARIES}"], into_image=files)


async def _install_entry(work: Workshop, stage: Stage, base: str) -> str:
    program = await compile_static(work, _cabin_init())
    files = Files().add(CABIN_INIT.lstrip("/"), program, 0o755)
    return await work.run(stage, base, [CABIN_INIT, "--version"], into_image=files)


async def _install_source(work: Workshop, stage: Stage, base: str, source: dict[str, bytes]) -> str:
    project, package = _project(), f"{_LIBRARIES}/stateroom"
    files = Files()
    for name, data in source.items():
        files.add(f"{package}/{name}", data)
    metadata = f"Metadata-Version: 2.1\nName: stateroom\nVersion: {project['version']}\n"
    files.add(f"{package}-{project['version']}.dist-info/METADATA", metadata)
    for name, place in project["scripts"].items():
        files.add(f"opt/stateroom/bin/{name}", _program(*place.split(":")), 0o755)
    return await work.run(
        stage,
        base,
        [*_COMPILE, f"/{package}"],
        into_image=files,
        setup=Setup(environment=_ENVIRONMENT),
        changes=['CMD ["stateroom", "--help"]'],
    )


def _program(module: str, function: str) -> str:
    start = f"import sys\n\nfrom {module} import {function}\n\nsys.exit({function}())\n"
    return f"#!/usr/bin/python3\n{start}"
