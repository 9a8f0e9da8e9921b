"""Grants as files: how the steward tells the broker, across a restart of either.

``grants/<SHA-256 of the broker key>.<digest>.json`` and ``providers/<name>.<digest>.json``, in
a folder of a tmpfs that the broker sees read-only. A file never changes once it has its name:
a new version is written beside the old one and renamed into place, then the old one goes. So a
reader sees one or the other, and whoever dies in between leaves two, which `read` reports as a
digest that nobody wants: the next pass puts it right.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stateroom.broker.grants import (
    KEY_SHA256,
    PROVIDER_NAME,
    Grant,
    Provider,
    grant_digest,
    grant_document,
    provider_digest,
    provider_document,
)
from stateroom.errors import Retryable
from stateroom.files import replace_file

GRANTS = "grants"
PROVIDERS = "providers"
SEVERAL = "several"
"""The digest of what lies there in more than one version."""


def split_name(name: str) -> tuple[str, str] | None:
    """("key or provider", "digest") of a file of ours, None for any other."""
    parts = name.split(".")
    if len(parts) != 3 or parts[2] != "json" or not parts[0] or not parts[1]:
        return None
    return parts[0], parts[1]


class FolderGrants:
    """path: the folder that the broker has as STATEROOM_GRANTS; its parent must exist.
    group: who may read besides the writer (the broker's group id), None to leave it."""

    def __init__(self, path: Path, group: int | None = None) -> None:
        self._path = path
        self._group = group

    async def read(self) -> Mapping[str, str]:
        return self._digests(GRANTS)

    async def put(self, key_sha: str, grant: Grant) -> None:
        if not KEY_SHA256.fullmatch(key_sha):
            raise ValueError("a grant is put under a SHA-256 in lower-case hex")
        self._put(GRANTS, key_sha, grant_digest(grant), grant_document(grant))

    async def remove(self, key_sha: str) -> None:
        self._remove(GRANTS, key_sha)

    async def read_providers(self) -> Mapping[str, str]:
        return self._digests(PROVIDERS)

    async def put_provider(self, name: str, provider: Provider) -> None:
        if not PROVIDER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a provider: use a-z, 0-9, - and _")
        self._put(PROVIDERS, name, provider_digest(provider), provider_document(provider))

    async def remove_provider(self, name: str) -> None:
        self._remove(PROVIDERS, name)

    def _digests(self, kind: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for _, (name, digest) in self._files(kind):
            found[name] = SEVERAL if name in found else digest
        return found

    def _files(self, kind: str) -> list[tuple[Path, tuple[str, str]]]:
        with _retryable("read"):
            try:
                entries = sorted((self._path / kind).iterdir())
            except FileNotFoundError:
                return []
        return [(entry, split) for entry in entries if (split := split_name(entry.name))]

    def _put(self, kind: str, name: str, digest: str, document: Mapping[str, Any]) -> None:
        folder = self._path / kind
        target = folder / f"{name}.{digest}.json"
        with _retryable("written"):
            self._make(self._path)
            self._make(folder)
            self._sweep(folder)
            if not target.exists():
                self._write(target, json.dumps(document).encode())
        self._remove(kind, name, but=target)

    def _write(self, target: Path, data: bytes) -> None:
        owner = None if self._group is None else (-1, self._group)
        # In a tmpfs, which a restart of the machine empties anyway.
        replace_file(target, data, 0o640, owner=owner, durable=False)

    def _remove(self, kind: str, name: str, but: Path | None = None) -> None:
        for entry, (found, _) in self._files(kind):
            if found == name and entry != but:
                with _retryable("written"):
                    entry.unlink(missing_ok=True)

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=0o750)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                self._share(descriptor, 0o750)
            finally:
                os.close(descriptor)

    def _share(self, descriptor: int, mode: int) -> None:
        if self._group is not None:
            os.fchown(descriptor, -1, self._group)
        os.fchmod(descriptor, mode)

    @staticmethod
    def _sweep(folder: Path) -> None:
        # One steward writes here, one call at a time: what is unfinished now was left by a crash.
        for left in folder.glob(".*.new"):
            left.unlink(missing_ok=True)


@contextmanager
def _retryable(verb: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Retryable(f"The broker's folder of grants cannot be {verb}: {why}.") from error
