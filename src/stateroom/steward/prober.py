"""The prober: asks each running agent whether it has started, apart from the loop.

The loop tells it whom to watch; what it found is an observation like any other, read by the
next pass. A verdict belongs to one start of one instance, so a restarted one begins unknown.

OpenClaw's `/startupz` says 200 once its parts have settled (docs/gateway/health.md in its npm
package); behind a trusted proxy it answers only with a client address forwarded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import aiohttp

from stateroom.domain.cabin import AGENT_PORT
from stateroom.domain.inventory import Health

log = logging.getLogger(__name__)

PATH = "/startupz"
HEADERS = {"X-Forwarded-For": "203.0.113.1"}
"""An address for documentation (RFC 5737): OpenClaw refuses to take us for the client."""

TIMEOUT = 3.0
WHILE_BOOTING = 0.25
WHILE_HEALTHY = 10.0
MISSES_ALLOWED = 3
"""A busy runtime may miss a probe or two; it is unhealthy after this many in a row."""


@dataclass(frozen=True, slots=True)
class Target:
    """One start of one instance."""

    name: str
    address: str
    started_at: float


class Prober:
    """changed is called, from the event loop, whenever a verdict changes."""

    def __init__(
        self, changed: Callable[[], None], clock: Callable[[], float] = time.time
    ) -> None:
        self._changed = changed
        self._clock = clock
        self._watched: dict[Target, asyncio.Task[None]] = {}
        self._verdicts: dict[Target, Health] = {}
        self._session: aiohttp.ClientSession | None = None

    def health(self) -> Mapping[str, Health]:
        return {target.name: verdict for target, verdict in self._verdicts.items()}

    def watch(self, targets: Iterable[Target]) -> None:
        """Exactly these from now on."""
        wanted = set(targets)
        for target in [t for t in self._watched if t not in wanted]:
            self._watched.pop(target).cancel()
            self._verdicts.pop(target, None)
        for target in wanted - self._watched.keys():
            self._watched[target] = asyncio.create_task(self._watch(target))

    async def close(self) -> None:
        tasks = list(self._watched.values())
        self.watch(())
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _watch(self, target: Target) -> None:
        misses = 0
        self._judge(target, False, "it was not asked yet")
        while True:
            problem = await self._ask(target)
            misses = misses + 1 if problem else 0
            known = self._verdicts[target]
            if not problem:
                self._judge(target, True, "")
            elif not known.healthy or misses >= MISSES_ALLOWED:
                self._judge(target, False, problem)
            calm = self._verdicts[target].healthy and misses == 0
            await asyncio.sleep(WHILE_HEALTHY if calm else WHILE_BOOTING)

    def _judge(self, target: Target, healthy: bool, detail: str) -> None:
        known = self._verdicts.get(target)
        if known is not None and known.healthy == healthy:
            if known.detail != detail:
                self._verdicts[target] = replace(known, detail=detail)
            return
        self._verdicts[target] = Health(healthy, self._clock(), detail, target.started_at)
        if known is not None:
            self._changed()

    async def _ask(self, target: Target) -> str:
        """"" when it has started, else why not."""
        url = f"http://{target.address}:{AGENT_PORT}{PATH}"
        try:
            async with self._client().get(url, headers=HEADERS, allow_redirects=False) as answer:
                return "" if answer.status == 200 else f"{PATH} answered {answer.status}"
        except TimeoutError:
            return f"{PATH} did not answer within {TIMEOUT:.0f} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"{PATH} cannot be reached ({type(error).__name__})"

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT),
                # One cabin's slow answers hold up no other's; no cookie of a tenant is kept.
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session
