"""A draft: what the blocks of a blueprint add up to, before it meets a cabin.

Each kind of block takes a draft and answers one with its own part filled in. A new kind needs
one file and one field here; neither `compile` nor another kind has to know it.
"""

from __future__ import annotations

from dataclasses import dataclass

from stateroom.domain.runtime import Volume


@dataclass(frozen=True, slots=True)
class SecretWish:
    """A secret that the blueprint names. kind: "env" or "file"."""

    name: str
    kind: str
    required: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """image: an abstract reference, pinned later. runtime: an OCI runtime, "" for the engine's.
    cpu in cores; memory_mb in MiB. sleep_after: seconds of idleness, None for never.
    monthly_budget_usd: None for no budget. prompt: already expanded."""

    image: str = ""
    runtime: str = ""
    cpu: float = 1.0
    memory_mb: int = 0
    pids: int = 0
    sleep_after: int | None = None
    tools: str = "minimal"
    volumes: tuple[Volume, ...] = ()
    requests_per_minute: int = 1
    provider: str = ""
    models: tuple[str, ...] = ()
    monthly_budget_usd: float | None = None
    prompt: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    secrets: tuple[SecretWish, ...] = ()
