"""The prober: asks each running agent whether it has started, and by which content it works,
apart from the loop.

The loop tells it whom to watch and what each should act on; what it found is an observation
like any other, read by the next pass. A verdict belongs to one start of one instance, so a
restarted one begins unknown.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from stateroom.domain.inventory import Health
from stateroom.steward.question import Answer, Questioner

WHILE_BOOTING = 0.25
WHILE_HEALTHY = 10.0
WHILE_TAKING = 0.1
PATIENCE = 0.15
"""While a change is awaited, the pause grows to this share of the time that it has taken: the
answer is at most so much late, and one that never takes it is asked as seldom as a healthy one."""

MISSES_ALLOWED = 3
"""A busy runtime may miss a probe or two; it is unhealthy after this many in a row."""


@dataclass(frozen=True, slots=True)
class Target:
    """One start of one instance. content: the mark of what it should act on by now, "" for
    nothing in particular; another content makes it no other target."""

    name: str
    address: str
    started_at: float
    content: str = field(default="", compare=False)


@dataclass(slots=True)
class _Watch:
    """news: somebody awaits something else from now on. since: by the loop's clock."""

    content: str
    since: float
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Prober:
    """changed is called, from the event loop, whenever a verdict changes, and when the content
    that is awaited has been taken over."""

    def __init__(self, changed: Callable[[], None], clock: Callable[[], float] = time.time) -> None:
        self._changed = changed
        self._clock = clock
        self._watched: dict[Target, _Watch] = {}
        self._verdicts: dict[Target, Health] = {}
        self._questioner = Questioner()

    def health(self) -> Mapping[str, Health]:
        return {target.name: verdict for target, verdict in self._verdicts.items()}

    def watch(self, targets: Iterable[Target]) -> None:
        """Exactly these from now on."""
        wanted = {target: target.content for target in targets}
        for target in [t for t in self._watched if t not in wanted]:
            watch = self._watched.pop(target)
            if watch.task is not None:
                watch.task.cancel()
            self._verdicts.pop(target, None)
        for target, content in wanted.items():
            self._await(target, content)

    async def close(self) -> None:
        tasks = [watch.task for watch in self._watched.values() if watch.task is not None]
        self.watch(())
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._questioner.close()

    def _await(self, target: Target, content: str) -> None:
        watch = self._watched.get(target)
        if watch is None:
            watch = self._watched[target] = _Watch(content, time.monotonic())
            watch.task = asyncio.create_task(self._ask_on(target, watch))
        elif watch.content != content:
            watch.content, watch.since = content, time.monotonic()
            watch.news.set()
            # It may have been found already, by a question that nobody waited for.
            if target in self._verdicts and self._verdicts[target].content == content:
                self._changed()

    async def _ask_on(self, target: Target, watch: _Watch) -> None:
        misses = 0
        self._judge(target, False, "it was not asked yet")
        while True:
            # Cleared before the question: what is awaited from now on is a matter for the next.
            watch.news.clear()
            answer = await self._questioner.ask(target.address)
            misses = misses + 1 if answer.problem else 0
            known = self._verdicts[target]
            if not answer.problem:
                self._judge(target, True, "")
            elif not known.healthy or misses >= MISSES_ALLOWED:
                self._judge(target, False, answer.problem)
            self._note(target, watch, answer)
            await _sleep(self._pause(target, watch, misses), watch.news)

    def _pause(self, target: Target, watch: _Watch, misses: int) -> float:
        verdict = self._verdicts[target]
        if misses or not verdict.healthy:
            return WHILE_BOOTING
        if watch.content in ("", verdict.content):
            return WHILE_HEALTHY
        taken = time.monotonic() - watch.since
        return min(WHILE_HEALTHY, max(WHILE_TAKING, taken * PATIENCE))

    def _judge(self, target: Target, healthy: bool, detail: str) -> None:
        known = self._verdicts.get(target)
        if known is not None and known.healthy == healthy:
            if known.detail != detail:
                self._verdicts[target] = replace(known, detail=detail)
            return
        content = known.content if known is not None else ""
        self._verdicts[target] = Health(healthy, self._clock(), detail, target.started_at, content)
        if known is not None:
            self._changed()

    def _note(self, target: Target, watch: _Watch, answer: Answer) -> None:
        """A runtime that does not answer acts on what it acted on before."""
        known = self._verdicts[target]
        if answer.content is None or answer.content == known.content:
            return
        self._verdicts[target] = replace(known, content=answer.content)
        # Whatever else it may say, again and again, is no reason to look.
        if answer.content == watch.content:
            self._changed()


async def _sleep(seconds: float, news: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(news.wait(), seconds)
