"""How a service is asked whether it is well, and what the listing tells of the answers. Pure.

Docker itself asks, inside of the container: our prober is kept out by the firewall, as everybody
is. The cabins' entry point is there whatever the image is, so a port is knocked at by it, and a
command is run by it with the variables that the service was started with.
"""

from __future__ import annotations

import re
from typing import Any

from stateroom.domain.inventory import Condition
from stateroom.domain.runtime import HealthCheck

ENTRYPOINT = "/.stateroom/cabin-init"
"""Where the entry point appears in every container of a cabin, whatever its image."""
EVERY = 5
"""Seconds. Each question starts a process inside, which costs some 30 ms of a core."""
_SECOND = 1_000_000_000

_TOLD = re.compile(r"\((healthy|unhealthy|health: starting)\)")
_CONDITIONS = {
    "healthy": Condition.HEALTHY,
    "unhealthy": Condition.UNHEALTHY,
    "health: starting": Condition.STARTING,
}


def health_check(health: HealthCheck | None) -> dict[str, Any]:
    """None for the agent, whom one prober of ours asks, and for a service that cannot be asked: an
    image's own check would ask in a way that nobody drew."""
    if health is None:
        return {"Test": ["NONE"]}
    asked = ["knock", str(health.port)] if health.port else ["ask", "--", *health.command]
    return {
        "Test": ["CMD", ENTRYPOINT, *asked],
        "Interval": EVERY * _SECOND,
        "Timeout": 5 * _SECOND,
        "Retries": 3,
        # Failures of its first minute do not count; a newer Docker asks more often meanwhile.
        "StartPeriod": 60 * _SECOND,
        "StartInterval": _SECOND,
    }


def condition_in(status: str) -> Condition:
    """The listing's own words ("Up 3 minutes (healthy)"), so that it is as new as the listing."""
    told = _TOLD.search(status)
    return _CONDITIONS[told[1]] if told else Condition.UNASKED
