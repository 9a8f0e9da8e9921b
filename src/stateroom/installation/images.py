"""The two images of an installation, obtained side by side: OpenClaw's and our own. And one that
services may name, for whoever asks for it.

`python -m stateroom.installation.images` obtains them and nothing else: what tests need.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

from aiodocker import Docker

from stateroom.errors import StateroomError
from stateroom.installation.bring_up import Images, Report
from stateroom.runtimes import console
from stateroom.runtimes.image import (
    OPENCLAW,
    obtain_openclaw,
    obtain_own,
    obtain_postgresql,
)
from stateroom.settings import Settings, load


async def obtain(docker: Docker, settings: Settings, report: Report) -> Images:
    """Raises StateroomError with what to do where an image can neither be found nor built."""
    openclaw, own = await asyncio.gather(
        obtain_openclaw(
            docker,
            version=settings.openclaw_version,
            configured=settings.openclaw_image,
            say=report,
        ),
        _obtain_own(docker, report),
    )
    # The steward looks this name up when it pins a revision; the pin itself is the id.
    await docker.images.tag(openclaw, OPENCLAW, tag=settings.openclaw_version)
    return Images(openclaw, own)


async def build_postgresql(settings: Settings, report: Report) -> str:
    """The id of PostgreSQL's image, for services that name it. Raises StateroomError with what to
    do where it cannot be built."""
    docker = Docker(settings.docker)
    try:
        return await obtain_postgresql(docker, say=report)
    finally:
        await docker.close()


async def _obtain_own(docker: Docker, report: Report) -> str:
    """The console is part of it. It is built in a thread: OpenClaw's image need not wait."""
    loop = asyncio.get_running_loop()

    def say(line: str) -> None:
        loop.call_soon_threadsafe(report, line)

    await asyncio.to_thread(console.ensure_built, console.places(), os.environ, say)
    return await obtain_own(docker, say=report)


async def _main() -> None:
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - began:6.1f} s] {line}\n")
        sys.stdout.flush()

    settings = load()
    docker = Docker(settings.docker)
    try:
        await obtain(docker, settings, say)
    except StateroomError as error:
        sys.exit(error.message)
    finally:
        await docker.close()


if __name__ == "__main__":
    asyncio.run(_main())
