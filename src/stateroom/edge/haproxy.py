"""The edge as a running HAProxy: its table is read from the process and replaced in it.

A table is written to the file first, which is what a HAProxy reads that starts, and then put in
force in the process that runs: a new version of the map is filled while the old one answers, and
one command exchanges them. Whatever dies between the two steps leaves a process with the old
table, which `read` reports, so that the next pass does it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from stateroom.domain.routes import RouteTable
from stateroom.edge import rates, route_map
from stateroom.edge.cut_list import CutList
from stateroom.edge.cuts import Cut, concerned, cuts
from stateroom.edge.files import only_writer, replace_file
from stateroom.edge.route_map import MAP_NAME, Row
from stateroom.edge.runtime_socket import LONGEST, RuntimeSocket
from stateroom.errors import Clash, Permanent, Retryable

log = logging.getLogger(__name__)

SLIPPED_THROUGH = 0.1
"""Seconds after which what had just been checked by the old table has reached its runtime."""
AT_ONCE = 200
"""Commands in a line, which must fit into HAProxy's buffer."""


def make_map(maps: Path) -> None:
    """An empty map, unless there is one: HAProxy does not start without the file."""
    file = maps / MAP_NAME
    if not file.exists():
        replace_file(file, b"")


class HAProxyEdge:
    """maps: the folder of the route map, under the same path that HAProxy's configuration has.
    socket: HAProxy's runtime API, of level admin."""

    def __init__(self, maps: Path, socket: Path) -> None:
        self._maps = maps
        self._file = maps / MAP_NAME
        self._socket = RuntimeSocket(socket)
        self._cuts = CutList(maps / "cuts.json")
        self._turn = asyncio.Lock()
        self._seen: tuple[str, tuple[Row, ...], RouteTable, str] | None = None

    async def read(self) -> tuple[RouteTable, str]:
        """The table in force in the running process, and its version. A file that says something
        else is put right: it is left of a commit that failed."""
        async with self._turn:
            rows, table, version = await self._in_force()
            await asyncio.to_thread(self._mend_file, rows)
            await self._finish_cuts()
            return table, version

    async def replace(self, table: RouteTable, version: str) -> str:
        """Puts `table` in force if the one in force has `version`, else raises Clash."""
        rows = route_map.rows(table)
        async with self._turn:
            with only_writer(self._maps):
                _, before, current = await self._in_force()
                if current != version:
                    raise Clash("The edge has another table than the plan was made for.")
                due = cuts(before, table)
                await asyncio.to_thread(self._cuts.add, due)
                content = route_map.text(rows).encode()
                await asyncio.to_thread(replace_file, self._file, content)
                await self._commit(rows)
                await self._cut(due)
        return table.version

    async def requests_per_minute(self, tenant: str) -> int:
        """Of a tenant's id, as HAProxy counts them now."""
        return rates.requests(await self._socket.ask(rates.question(tenant)))

    async def _finish_cuts(self) -> None:
        """Those of a replacement that broke off in the middle."""
        due = await asyncio.to_thread(self._cuts.read)
        try:
            await self._cut(due)
        except Retryable as error:
            # The table could be read, and that was the question; the next reading tries again.
            log.warning("%s", error, extra={"action": "cut"})

    async def _cut(self, due: Sequence[Cut]) -> None:
        """Ends what is open by a right that is gone. Raises Retryable."""
        if not due:
            return
        for pause in (0.0, SLIPPED_THROUGH):
            await asyncio.sleep(pause)
            shown = await self._socket.ask("show sess all")
            commands = [f"shutdown session {session}" for session in concerned(shown, due)]
            for start in range(0, len(commands), AT_ONCE):
                # The answer is no matter: one that is not there any more has ended.
                await self._socket.ask("; ".join(commands[start : start + AT_ONCE]))
        await asyncio.to_thread(self._cuts.clear)

    async def _in_force(self) -> tuple[tuple[Row, ...], RouteTable, str]:
        answer = await self._socket.ask(f"show map {self._file}")
        if self._seen is None or self._seen[0] != answer:
            if answer.startswith("Unknown map identifier"):
                raise Permanent(
                    f"The edge does not know the map {self._file}; was it started for another "
                    "installation?"
                )
            rows = tuple(_shown_rows(answer))
            table = route_map.table(rows)
            self._seen = (answer, rows, table, table.version)
        return self._seen[1:]

    def _mend_file(self, rows: Sequence[Row]) -> None:
        expected = route_map.text(rows).encode()
        with suppress(OSError):
            if self._file.read_bytes() == expected:
                return
        try:
            with only_writer(self._maps):
                replace_file(self._file, expected)
        except Retryable as error:
            # The table could be read, and that was the question.
            log.warning("%s", error, extra={"action": "mend the route map"})

    async def _commit(self, rows: Sequence[Row]) -> None:
        answer = await self._socket.expect("New version created: ", f"prepare map {self._file}")
        new = answer.rpartition(" ")[2]
        if not new.isdigit():
            raise Retryable("The edge's answer to prepare map is garbled.", 1.0)
        # Versions that nobody committed go with the next one that is.
        for part in _portions(rows, LONGEST - len(str(self._file)) - 64):
            await self._socket.do(f"add map @{new} {self._file}", part)
        await self._socket.do(f"commit map @{new} {self._file}")


def _portions(rows: Iterable[Row], longest: int) -> Iterator[str]:
    part = ""
    for row in rows:
        line = route_map.text((row,))
        if part and len(part) + len(line) > longest:
            yield part
            part = ""
        part += line
    if part:
        yield part


def _shown_rows(answer: str) -> Iterator[Row]:
    """`show map` puts the entry's address before each row."""
    for line in answer.splitlines():
        if not line:
            continue
        words = line.split(" ", 2)
        if len(words) != 3 or not words[0].startswith("0x"):
            raise Retryable("The edge's answer to show map is garbled.", 1.0)
        yield words[1], words[2]
