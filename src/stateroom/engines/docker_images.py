"""Images, pinned: what a reference is at this moment, for a revision that never changes."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.compile import PinnedImage
from stateroom.domain.runtime import RuntimeSpec
from stateroom.engines.docker_calls import absent, ask, calling
from stateroom.engines.docker_objects import CONTENT_PATH
from stateroom.errors import Absent, Permanent


async def pin(docker: Docker, reference: str) -> PinnedImage:
    """By a tag, a digest or an id of an image that is on this machine; nothing is pulled.
    Permanent where it is not there, or says no program to run."""
    async with calling(f"pin the image {reference}"):
        try:
            found = await ask(docker, f"images/{reference}/json")
        except DockerError as error:
            if absent(error):
                raise Absent(f"the image {reference} is not on this machine") from error
            raise
    config = found["Config"]
    volumes = _volumes(config)
    if "/" in volumes:
        raise Permanent(f"the image {reference} declares its whole root a volume; use another one")
    command = (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))
    if not command:
        raise Permanent(f"the image {reference} names no program to run")
    return PinnedImage(reference=reference, id=found["Id"], command=command, volumes=volumes)


async def must_cover(docker: Docker, spec: RuntimeSpec) -> None:
    """Permanent where Docker would make a volume of its own for a path that the image declares:
    nobody counts its size, and it is on the host's disk. An image that is not here declares
    nothing; creating says so."""
    async with calling(f"look at the image of {spec.name}"):
        try:
            found = await ask(docker, f"images/{spec.shape.image}/json")
        except DockerError as error:
            if absent(error):
                return
            raise
    mounted = {*(m.path for m in spec.shape.mounts), *(path for path, _ in spec.shape.tmpfs)}
    if left := set(_volumes(found["Config"])) - mounted:
        raise Permanent(
            f"create {spec.name}: its image keeps data at {', '.join(sorted(left))}, where"
            " nothing of the cabin's is mounted; apply the blueprint again"
        )


def _volumes(config: Mapping[str, Any]) -> tuple[str, ...]:
    """As Docker compares them: without what does not matter in a path. What we mount into every
    container ourselves is none."""
    named = {posixpath.normpath(f"/{path.lstrip('/')}") for path in config.get("Volumes") or ()}
    return tuple(sorted(named - {CONTENT_PATH}))
