"""Which model providers the broker should know: those of the store, and the built-in demo."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from stateroom.broker.grants import Provider, provider_digest
from stateroom.errors import StateroomError
from stateroom.steward.keys import StewardKeys
from stateroom.steward.wishes import DEMO
from stateroom.store.records import ProviderRecord
from stateroom.store.sealing import PROVIDER_KEY

log = logging.getLogger(__name__)


class Providers:
    """Opens a provider's key once for each version of its row. One whose key does not open is
    left out: the others, and every tenant, go on."""

    def __init__(self, keys: StewardKeys) -> None:
        self._keys = keys
        self._opened: dict[str, tuple[int, Provider | None]] = {}

    def wanted(self, records: Mapping[str, ProviderRecord]) -> dict[str, str]:
        """Name -> digest. The key of one that is no more is forgotten."""
        self._opened = {name: known for name, known in self._opened.items() if name in records}
        for record in records.values():
            known = self._opened.get(record.name)
            if known is None or known[0] != record.version:
                self._opened[record.name] = (record.version, self._try_to_open(record))
        found = {
            n: provider_digest(p)
            for n, (_, p) in self._opened.items()
            if p is not None
        }
        found.setdefault("demo", provider_digest(DEMO))
        return found

    def named(self, name: str) -> Provider | None:
        known = self._opened.get(name)
        if known is not None:
            return known[1]
        return DEMO if name == "demo" else None

    def _try_to_open(self, record: ProviderRecord) -> Provider | None:
        try:
            return self._open(record)
        except StateroomError as error:
            log.error(
                "the provider %s is left out: %s", record.name, error,
                extra={"action": "provider_left_out"},
            )
            return None

    def _open(self, record: ProviderRecord) -> Provider:
        key = ""
        if record.sealed_key:
            key = self._keys.opener.open(record.name, PROVIDER_KEY, record.sealed_key).decode()
        return Provider(record.kind, record.base_url, key, record.prices)
