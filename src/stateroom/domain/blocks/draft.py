"""A draft: what the blocks of a blueprint add up to, before it meets a cabin.

Each kind of block takes a draft and answers one with its own part filled in. A new kind needs
one file and one field here; neither `compile` nor another kind has to know it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from stateroom.domain.runtime import HealthCheck, Volume


@dataclass(frozen=True, slots=True)
class SecretWish:
    """A secret that the blueprint names. kind: "env" or "file"."""

    name: str
    kind: str
    required: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a block stands in the drawing. owner: the id of the service that it belongs to, ""
    where it is the agent's."""

    id: str
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDraft:
    """A program beside the agent. id: its block's. image: a reference, pinned later. command:
    argv, none for the image's own. The rest as in `Draft` and `RuntimeSpec`."""

    id: str
    image: str
    command: tuple[str, ...] = ()
    health: HealthCheck | None = None
    cpu: float
    memory_mb: int
    pids: int
    user: int
    volumes: tuple[Volume, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    secrets: tuple[SecretWish, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """image: an abstract reference, pinned later. runtime: an OCI runtime, "" for the engine's.
    cpu in cores; memory_mb in MiB. monthly_budget_usd: None for no budget. prompt: already
    expanded. volumes, variables, secrets: the agent's own; each service has its own."""

    image: str = ""
    runtime: str = ""
    cpu: float = 1.0
    memory_mb: int = 0
    pids: int = 0
    tools: str = "minimal"
    volumes: tuple[Volume, ...] = ()
    requests_per_minute: int = 1
    provider: str = ""
    models: tuple[str, ...] = ()
    monthly_budget_usd: float | None = None
    prompt: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    secrets: tuple[SecretWish, ...] = ()
    services: tuple[ServiceDraft, ...] = ()

    def service(self, block: str) -> ServiceDraft:
        return next(service for service in self.services if service.id == block)

    def with_volume(self, owner: str, volume: Volume) -> Draft:
        if not owner:
            return replace(self, volumes=(*self.volumes, volume))
        service = self.service(owner)
        return self._with(replace(service, volumes=(*service.volumes, volume)))

    def with_variables(self, owner: str, variables: tuple[tuple[str, str], ...]) -> Draft:
        if not owner:
            return replace(self, variables=self.variables + variables)
        service = self.service(owner)
        return self._with(replace(service, variables=service.variables + variables))

    def with_secret(self, owner: str, secret: SecretWish) -> Draft:
        if not owner:
            return replace(self, secrets=(*self.secrets, secret))
        service = self.service(owner)
        return self._with(replace(service, secrets=(*service.secrets, secret)))

    def _with(self, changed: ServiceDraft) -> Draft:
        services = (changed if s.id == changed.id else s for s in self.services)
        return replace(self, services=tuple(services))
