"""How many requests one tenant's key may have under way at once.

Streams and `?wait=` last for minutes and each keeps one of the few hundred connections that the
edge has to the api. Without a bound one tenant could take them all and shut the operator out, who
has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from stateroom.api.errors import TooMany

AT_ONCE = 16
RETRY_SECONDS = 5


class InFlight:
    """Holds nothing of a tenant that has no request under way."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()

    @contextmanager
    def one_of(self, tenant: str) -> Iterator[None]:
        """Around one request. tenant: "" for the operator. Raises TooMany."""
        if not tenant:
            yield
            return
        if self._requests[tenant] >= AT_ONCE:
            raise TooMany(
                f"{AT_ONCE} requests with this tenant's key are under way, which is as many as"
                " there may be; end a stream or wait for one to be answered",
                after=RETRY_SECONDS,
            )
        self._requests[tenant] += 1
        try:
            yield
        finally:
            self._requests[tenant] -= 1
            if not self._requests[tenant]:
                del self._requests[tenant]
