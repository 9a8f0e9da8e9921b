"""What every container of a cabin is told in the same way, whatever runs in it: the variables of
its environment, and a file for each secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stateroom.domain.content import SecretRef


def environment(
    variables: Iterable[tuple[str, str]], refs: Iterable[SecretRef], secrets: Mapping[str, bytes]
) -> bytes:
    """NUL-separated KEY=VALUE pairs: `variables`, then the secrets that belong there."""
    pairs = [f"{name}={value}".encode() for name, value in variables]
    pairs += [ref.name.encode() + b"=" + secrets[ref.name] for ref in refs if ref.kind == "env"]
    return b"".join(pair + b"\0" for pair in pairs)


def secret_files(refs: Iterable[SecretRef], secrets: Mapping[str, bytes]) -> dict[str, bytes]:
    """By relative path. `secrets` by name: the opened values, at least of `refs`."""
    return {f"secrets/{ref.name}": secrets[ref.name] for ref in refs}
