"""The broker's view of its folder of grants: what is in force for the request that begins now.

Each request asks the folder for its modification time and lists it again only when that moved.
A file's name carries its digest, so what was parsed once under a name stays good: a change
costs one small file, however many cabins there are.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from stateroom.broker.folder import GRANTS, PROVIDERS, split_name
from stateroom.broker.grants import Grant, Provider, grant_from, provider_from
from stateroom.errors import Away

log = logging.getLogger("stateroom.broker")

SETTLED_NS = 100_000_000
"""Times of a file system advance in ticks of a few milliseconds: a second change within the
tick of the first leaves the same time. So a listing is only trusted once the folder's time
lies this far back."""

CHANGEOVER_NS = 15_000_000_000
"""How long a cabin may still ask for what its last grant named, once it has a new one: OpenClaw
takes over a new model 1.2 to 1.4 s after it was told, and its customers are asking meanwhile."""

ATTEMPTS = 50
NOT_HERE = "The broker has not been given its grants yet; try again in a moment."

T = TypeVar("T")


class Register:
    """path: the folder that `FolderGrants` writes. now: nanoseconds since the epoch."""

    def __init__(self, path: Path, now: Callable[[], int] = time.time_ns) -> None:
        self._now = now
        self._former: dict[str, tuple[Grant, int]] = {}
        self._grants = _Shelf(path / GRANTS, grant_from, now, self._was_replaced)
        self._providers = _Shelf(path / PROVIDERS, provider_from, now)

    def grant(self, token: str) -> Grant | None:
        """What the bearer of a key may do. Only its hash is looked up: how long that takes says
        nothing about a key. Raises Away while the steward has not been here yet."""
        digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
        return self._grants.current().get(digest)

    def former(self, grant: Grant) -> Grant | None:
        """What the cabin's grant was before this one, for a moment after the change, under the
        budget of today. None when that moment is over, or when there was none before."""
        known = self._former.get(grant.cabin)
        if known is None or self._now() > known[1]:
            return None
        return replace(known[0], monthly_budget_usd=grant.monthly_budget_usd)

    def _was_replaced(self, old: Grant) -> None:
        now = self._now()
        self._former = {cabin: kept for cabin, kept in self._former.items() if kept[1] >= now}
        self._former[old.cabin] = (old, now + CHANGEOVER_NS)

    def provider(self, name: str) -> Provider | None:
        return self._providers.current().get(name)


class _Shelf(Generic[T]):
    """One folder of files, parsed and kept in step."""

    def __init__(
        self,
        path: Path,
        parse: Callable[[Mapping[str, Any]], T],
        now: Callable[[], int],
        replaced: Callable[[T], None] = lambda _: None,
    ) -> None:
        self._replaced = replaced
        self._path = path
        self._now = now
        self._parse = parse
        self._parsed: dict[str, T] = {}
        self._values: dict[str, T] = {}
        self._stamp = (0, 0)

    def current(self) -> Mapping[str, T]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise Away(NOT_HERE) from error
        stamp = (found.st_ino, found.st_mtime_ns)
        if stamp != self._stamp:
            settled = self._now() - found.st_mtime_ns >= SETTLED_NS
            self._list()
            self._stamp = stamp if settled else (0, 0)
        return self._values

    def _list(self) -> None:
        for _ in range(ATTEMPTS):
            try:
                values = self._newest(sorted(self._path.iterdir()))
            except FileNotFoundError:
                continue  # Replaced while we looked: its new version is in the next listing.
            except OSError as error:
                raise Away(NOT_HERE) from error
            for name, old in self._values.items():
                if name in values and values[name] != old:
                    self._replaced(old)
            self._values = values
            return
        raise Away(NOT_HERE)

    def _newest(self, files: list[Path]) -> dict[str, T]:
        parsed: dict[str, T] = {}
        newest: dict[str, tuple[int, T]] = {}
        for file in files:
            split = split_name(file.name)
            if split is None:
                continue
            written = file.stat().st_mtime_ns
            value = self._parsed.get(file.name) or self._read(file)
            if value is None:
                continue
            parsed[file.name] = value
            if split[0] not in newest or newest[split[0]][0] <= written:
                newest[split[0]] = (written, value)
        self._parsed = parsed
        return {name: value for name, (_, value) in newest.items()}

    def _read(self, file: Path) -> T | None:
        """None for one that cannot be used: it must not take the others with it."""
        try:
            return self._parse(json.loads(file.read_bytes()))
        except FileNotFoundError:
            raise
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            # The text of a parse error could quote what is in the file, so only its kind.
            log.error("A file of grants cannot be used: %s", type(error).__name__,
                      extra={"action": "read_grants"})
            return None
