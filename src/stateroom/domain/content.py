"""Content: what may change in a running cabin without a new container.

`AgentContent` is what the plan knows: no secret value in it, only names and versions.
`Content` is what is written into the cabin: rendered by `runtimes/`, with secrets opened,
by the steward at the moment of writing. `ContentVersion` names a content without showing it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret by name. kind: "env" (environment and file) or "file" (file only).
    version rises with every write, so that a new value is a new content."""

    name: str
    kind: str
    version: str


@dataclass(frozen=True, slots=True)
class ServiceContent:
    """What a service beside the agent is told: its own variables and secrets, which the agent
    does not see. role: the id of its block."""

    role: str
    variables: tuple[tuple[str, str], ...] = ()
    secrets: tuple[SecretRef, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentContent:
    """Everything that OpenClaw is told about one tenant.

    models: ids that the tenant's provider may be asked for; the first is the primary one.
    tools: OpenClaw's tools profile ("minimal", "messaging", "coding", "full").
    prompt: the text of the workspace's AGENTS.md, already expanded; data, not a template.
    safe_mode: boot beside the state in /data instead of from it.
    services: what those beside it are told, in the order of their roles.
    """

    tenant_id: str
    slug: str
    url: str
    models: tuple[str, ...]
    prompt: str
    tools: str
    variables: tuple[tuple[str, str], ...] = ()
    secrets: tuple[SecretRef, ...] = ()
    safe_mode: bool = False
    services: tuple[ServiceContent, ...] = ()


@dataclass(frozen=True)
class ContentVersion:
    """Which content: the tenant's generation and a *keyed* digest of all of it (an unkeyed one
    would let a reader guess short secrets). `environment` is the keyed digest of the part that
    only a restart of the process can take over."""

    generation: int
    digest: str
    environment: str

    @cached_property
    def mark(self) -> str:
        """A short name that no other content of the cabin has: what its runtime is asked to
        repeat. The generation is in it, so that a content that comes back (A, B, A) is not taken
        for the one before; the digest, so that a generation of a restored database is not."""
        return f"{self.generation}-{self.digest[:16]}"


@dataclass(frozen=True, slots=True)
class Content:
    """Files for /run/stateroom, by relative path; what is not named here is removed.
    Paths under ``install/`` are copied into /data by the entry point, as the cabin's user.
    ``env`` holds NUL-separated KEY=VALUE pairs. Never shown: repr leaves the files out.
    services: by role, what each of them finds in the same place and nobody else does."""

    version: ContentVersion
    files: tuple[tuple[str, bytes], ...] = field(repr=False)
    services: tuple[tuple[str, Content], ...] = ()
