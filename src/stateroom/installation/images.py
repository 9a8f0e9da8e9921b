"""The two images of an installation, obtained side by side: OpenClaw's and our own."""

from __future__ import annotations

import asyncio

from aiodocker import Docker

from stateroom.installation.bring_up import Images, Report
from stateroom.runtimes.image import OPENCLAW, obtain_openclaw, obtain_own
from stateroom.settings import Settings


async def obtain(docker: Docker, settings: Settings, report: Report) -> Images:
    """Raises StateroomError with what to do where an image can neither be found nor built."""
    openclaw, own = await asyncio.gather(
        obtain_openclaw(
            docker,
            version=settings.openclaw_version,
            configured=settings.openclaw_image,
            say=report,
        ),
        obtain_own(docker, say=report),
    )
    # The steward looks this name up when it pins a revision; the pin itself is the id.
    await docker.images.tag(openclaw, OPENCLAW, tag=settings.openclaw_version)
    return Images(openclaw, own)
