"""Grants in memory: the seam's fake, for tests of what stands above it."""

from __future__ import annotations

from collections.abc import Mapping

from stateroom.broker.grants import Grant, Provider, grant_digest, provider_digest


class MemoryGrants:
    """Behaves as `FolderGrants` does; `grants` and `providers` may be looked at by tests."""

    def __init__(self) -> None:
        self.grants: dict[str, Grant] = {}
        self._digests: dict[str, str] = {}
        self.providers: dict[str, Provider] = {}

    async def read(self) -> Mapping[str, str]:
        return dict(self._digests)

    async def put(self, key_sha: str, grant: Grant) -> None:
        self.grants[key_sha] = grant
        self._digests[key_sha] = grant_digest(grant)

    async def remove(self, key_sha: str) -> None:
        self.grants.pop(key_sha, None)
        self._digests.pop(key_sha, None)

    async def read_providers(self) -> Mapping[str, str]:
        return {name: provider_digest(provider) for name, provider in self.providers.items()}

    async def put_provider(self, name: str, provider: Provider) -> None:
        self.providers[name] = provider

    async def remove_provider(self, name: str) -> None:
        self.providers.pop(name, None)
