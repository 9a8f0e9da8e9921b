"""`python -m stateroom.broker`: the broker as a process of its own.

Environment: STATEROOM_HOME and STATEROOM_BROKER_PORT as everywhere (settings.py), and
STATEROOM_GRANTS, the folder in which the steward leaves grants and providers.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import sys
from pathlib import Path

from stateroom.broker import way_out
from stateroom.broker.limits import Bounds
from stateroom.broker.service import Broker, serve
from stateroom.broker.upstream import Upstream
from stateroom.errors import StateroomError
from stateroom.layout import Layout
from stateroom.settings import Settings, load

# Cabins reach the broker at their own gateway addresses, which come and go with them; the
# firewall lets nobody else in.
EVERYWHERE = "0.0.0.0"  # noqa: S104


async def _run(grants: Path, settings: Settings) -> None:
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    bounds = Bounds.within(descriptors)
    upstream = Upstream(way=way_out.read(Layout(settings.home).broker))
    await serve(Broker(grants, settings.home, EVERYWHERE, settings.broker_port, bounds, upstream))


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    # uvicorn warns of every malformed request: a hostile cabin's way to fill the log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    os.umask(0o027)
    grants = os.environ.get("STATEROOM_GRANTS", "")
    if not grants:
        sys.stderr.write("STATEROOM_GRANTS must name the folder of grants.\n")
        return 2
    try:
        # What was imported stays; leaving it out of every collection keeps the pauses short.
        gc.freeze()
        asyncio.run(_run(Path(grants), load()))
    except (StateroomError, ValueError, OSError) as error:
        sys.stderr.write(f"The broker cannot run: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
