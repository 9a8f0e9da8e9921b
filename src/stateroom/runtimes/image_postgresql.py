"""PostgreSQL's image out of Debian's packages, for a database as a service of a cabin.

The files are in images/postgresql. It is built only where somebody asks for it: an installation
without such a service has no use for it.
"""

from __future__ import annotations

import json
from pathlib import Path

from stateroom.runtimes.image_container import Files, Setup
from stateroom.runtimes.image_debian import system_stage
from stateroom.runtimes.image_inputs import build_file, digest
from stateroom.runtimes.image_stages import Stage, Workshop

MAJOR = "15"
"""The one that the base system's release has. Another one's data is another folder."""
_PLACE = "opt/stateroom"
_DATA = "/var/lib/postgresql"
_ENVIRONMENT = {
    "PATH": f"/usr/lib/postgresql/{MAJOR}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
    ":/sbin:/bin",
}
# Debian's package makes a cluster while it is installed; ours is made on a cabin's own disk.
_FORGET_CLUSTER = f"rm -rf {_DATA}/* /etc/postgresql/* /var/log/postgresql/* /build/*"
_CHANGES = (
    f"CMD {json.dumps([f'/{_PLACE}/start.sh'])}",
    f"VOLUME {json.dumps([_DATA])}",
    "USER 1000:1000",
)
_FILES = ("start.sh", "pg_hba.conf")


def stages() -> list[Stage]:
    system = system_stage("postgresql-system", "PostgreSQL image, system", _file("packages").parent)
    shape = json.dumps([_ENVIRONMENT, _FORGET_CLUSTER, _CHANGES])
    whole = Stage(
        "postgresql",
        "PostgreSQL image",
        digest(system.inputs, shape, *(_file(name) for name in _FILES)),
        _install,
    )
    return [system, whole]


def _file(name: str) -> Path:
    return build_file("postgresql", name)


async def _install(work: Workshop, stage: Stage, base: str) -> str:
    files = Files()
    for name in _FILES:
        mode = 0o755 if name.endswith(".sh") else 0o644
        files.add(f"{_PLACE}/{name}", _file(name).read_bytes(), mode)
    return await work.run(
        stage,
        base,
        ["sh", "-c", _FORGET_CLUSTER],
        into_image=files,
        setup=Setup(environment=_ENVIRONMENT, capabilities=True),
        changes=_CHANGES,
    )
