"""What a service beside the agent finds under /run/stateroom: a pure function.

A service is any image, so it is told in the two ways that every program understands: variables of
its environment, and files for secrets. Its image knows nothing of the platform.
"""

from __future__ import annotations

from collections.abc import Mapping

from stateroom.domain.content import Content, ContentVersion, ServiceContent
from stateroom.domain.runtime import stable_digest
from stateroom.runtimes import told


def render(
    service: ServiceContent, version: ContentVersion, secrets: Mapping[str, bytes]
) -> Content:
    """`secrets` by name: the opened values, at least of `service.secrets`."""
    files = {"env": told.environment(sorted(service.variables), service.secrets, secrets)}
    files |= told.secret_files(service.secrets, secrets)
    return Content(version, tuple(sorted(files.items())))


def canonical(service: ServiceContent) -> str:
    """What the content's keyed digest is made over; versions stand for secrets' values."""
    refs = [[r.name, r.kind, r.version] for r in service.secrets]
    return stable_digest([service.role, sorted(service.variables), refs])


def canonical_environment(service: ServiceContent) -> str:
    """The same for the part that only a new process takes over."""
    refs = [[r.name, r.version] for r in service.secrets if r.kind == "env"]
    return stable_digest([sorted(service.variables), refs])
