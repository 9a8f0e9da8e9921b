"""How often each tenant was asked for in the last minute: the table that the edge counts in, and
what HAProxy shows of it. Pure."""

from __future__ import annotations

import re

from stateroom.errors import Retryable

RATES = "rates"
"""The table's name. Its keys are tenants' ids."""

_RATE = re.compile(r" http_req_rate\(\d+\)=(\d+)")


def question(tenant: str) -> str:
    return f"show table {RATES} key {tenant}"


def requests(shown: str) -> int:
    """shown: the answer to `question`, a heading and the tenant's line; nothing at all where
    nobody asked for a while. Raises Retryable."""
    if not shown.strip():
        return 0
    heading, _, line = shown.partition("\n")
    rate = _RATE.search(line)
    if rate is None or not heading.startswith(f"# table: {RATES},"):
        raise Retryable("The edge's answer to show table is garbled.", 1.0)
    return int(rate[1])
