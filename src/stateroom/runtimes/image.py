"""Obtaining images: OpenClaw's, which tenants run, our own, which our parts run, and PostgreSQL's,
which a service beside the agent may run.

OpenClaw: the image that the operator configured; else one that is here; else the official one,
if a registry answers quickly; else built here out of Debian's and npm's packages. Our own is
always built here, from this source tree: system, libraries, entry point and source are stages
of their own, so a changed line of Python costs seconds and an unchanged tree nothing. PostgreSQL's
is built only where somebody asks for it.

Every function answers the image's id: tags move, ids do not.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from aiodocker import Docker, DockerError

from stateroom.runtimes import image_openclaw, image_own, image_postgresql
from stateroom.runtimes.image_inputs import ImageError
from stateroom.runtimes.image_names import POSTGRESQL
from stateroom.runtimes.image_stages import INPUTS_LABEL, STAGE_LABEL, Say, Workshop

__all__ = ["OPENCLAW", "OWN", "ImageError", "Say", "obtain_openclaw", "obtain_own",
           "obtain_postgresql"]

# The official image, by version. No registry is named: the engine has a default of its own, and
# mirrors of it where its operator set them, and OpenClaw publishes every release there.
OFFICIAL_OPENCLAW = "openclaw/openclaw"
OPENCLAW = "stateroom/openclaw"
OWN = "stateroom/stateroom"

# A registry that does not answer at once is most likely not reachable from here at all.
_ANSWER_SECONDS = 8.0
_PULL_PAUSE_SECONDS = 45.0
_KEPT_OWN_IMAGES = 3


async def obtain_openclaw(docker: Docker, *, version: str, configured: str = "", say: Say) -> str:
    """The image id of OpenClaw at `version`, or of the image that the operator configured."""
    if configured:
        return await _obtain_configured(docker, configured, say)
    locked, stages = image_openclaw.locked_version(), image_openclaw.stages()
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
    stages = image_own.stages()
    image = await Workshop(docker, "stateroom", say).obtain(stages)
    tag = stages[-1].inputs[:12]
    if await _id_of(docker, f"{OWN}:{tag}") != image:
        await docker.images.tag(image, OWN, tag=tag)
        await _forget_old(docker, stages[-1].name)
    return image


async def obtain_postgresql(docker: Docker, *, say: Say) -> str:
    """The image id of PostgreSQL, by the name that services give it."""
    image = await Workshop(docker, "postgresql", say).obtain(image_postgresql.stages())
    name, _, tag = POSTGRESQL.partition(":")
    await docker.images.tag(image, name, tag=tag)
    return image


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
    deadline, layers, done = answer_seconds, set[str](), set[str]()
    try:
        async with aclosing(_pull_events(docker, reference)) as events:
            while True:
                async with asyncio.timeout(deadline):
                    event = await anext(events, None)
                if event is None:
                    return ""
                status, layer = event.get("status", ""), event.get("id", "")
                if status in ("Pulling fs layer", "Already exists"):
                    deadline = _PULL_PAUSE_SECONDS  # it has the manifest: the registry answers
                    layers.add(layer)
                if status in ("Pull complete", "Already exists"):
                    done.add(layer)
                    say(f"pulling {reference}: {len(done)} of {len(layers)} layers")
    except TimeoutError:
        return f"nothing came for {deadline:.0f} s"
    except DockerError as error:
        return error.message.strip() or f"error {error.status}"


async def _pull_events(docker: Docker, reference: str) -> AsyncGenerator[dict[str, Any], None]:
    async for event in docker.images.pull(reference, stream=True, timeout=None):
        yield event


async def _forget_old(docker: Docker, stage: str) -> None:
    """Our own images of earlier source trees, but for the newest few. Those in use stay: the
    engine refuses."""
    found = await docker.images.list(filters={"label": [f"{STAGE_LABEL}={stage}"]})
    for old in sorted(found, key=lambda one: -int(one["Created"]))[_KEPT_OWN_IMAGES:]:
        for tag in old.get("RepoTags") or [old["Id"]]:
            with suppress(DockerError):
                await docker.images.delete(tag)
