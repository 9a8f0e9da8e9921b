"""Images, pinned: what a reference is at this moment, for a revision that never changes."""

from __future__ import annotations

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.compile import PinnedImage
from stateroom.engines.docker_calls import absent, ask, calling
from stateroom.errors import Permanent


async def pin(docker: Docker, reference: str) -> PinnedImage:
    """By a tag, a digest or an id of an image that is on this machine; nothing is pulled.
    Permanent where it is not there, or says no program to run."""
    async with calling(f"pin the image {reference}"):
        try:
            found = await ask(docker, f"images/{reference}/json")
        except DockerError as error:
            if absent(error):
                raise Permanent(
                    f"the image {reference} is not on this machine; build or pull it first"
                ) from error
            raise
    config = found["Config"]
    command = (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))
    if not command:
        raise Permanent(f"the image {reference} names no program to run")
    return PinnedImage(reference=reference, id=found["Id"], command=command)
