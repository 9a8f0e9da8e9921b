"""Compile: a blueprint and one tenant become what a cabin must be, with nothing left to decide.

What differs between tenants (prompt, model, variables, secrets) becomes content and is written
in place; what is the same for all tenants of a revision becomes shape. So a tenant's value can
never make a new container, and any cabin of a revision could be any tenant's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stateroom.domain.blocks import KINDS
from stateroom.domain.blocks.draft import Draft
from stateroom.domain.blocks.kind import Options
from stateroom.domain.blocks.openclaw import FIXED_ENVIRONMENT, image_reference
from stateroom.domain.blueprint import Block, Blueprint
from stateroom.domain.cabin import Cabin
from stateroom.domain.content import AgentContent, SecretRef
from stateroom.domain.expansion import expand
from stateroom.domain.resolve import resolve
from stateroom.domain.runtime import AGENT, TMP, Mount, Resources, RuntimeSpec, Shape, Volume
from stateroom.errors import Invalid, NotFound, Problem

SCRATCH_MB = 64


@dataclass(frozen=True, slots=True)
class PinnedImage:
    """What an abstract reference was when the revision was made. id: an image id, never a tag.
    command: argv of the program in it. volumes: paths that the image itself declares to hold
    data, for which an engine would make volumes of its own outside every quota."""

    reference: str
    id: str
    command: tuple[str, ...]
    volumes: tuple[str, ...] = ()

    def row(self) -> dict[str, object]:
        """As the store keeps it, beside its reference."""
        return {"id": self.id, "command": list(self.command), "volumes": list(self.volumes)}

    @classmethod
    def of_row(cls, reference: str, row: Mapping[str, object]) -> PinnedImage:
        command, volumes = row["command"], row.get("volumes", ())
        assert isinstance(command, list | tuple) and isinstance(volumes, list | tuple)
        return cls(reference, str(row["id"]), tuple(map(str, command)), tuple(map(str, volumes)))


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """What compiling needs to know of a tenant. values, limits, variables: its own only.
    secrets: those that exist, without their values."""

    id: str
    slug: str
    name: str
    url: str
    values: Mapping[str, object] = field(default_factory=dict)
    limits: Mapping[str, object] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[SecretRef, ...] = ()
    safe_mode: bool = False


@dataclass(frozen=True, slots=True)
class Compiled:
    """monthly_budget_usd: None for no budget. missing_secrets: required by the blueprint and
    not set; the cabin must not start without them. sleep_after: seconds, None for never."""

    spec: RuntimeSpec
    volumes: tuple[Volume, ...]
    content: AgentContent
    requests_per_minute: int
    provider: str
    models: tuple[str, ...]
    monthly_budget_usd: float | None
    missing_secrets: tuple[str, ...]
    sleep_after: int | None = None


def image_references(blueprint: Blueprint) -> tuple[str, ...]:
    """What must be resolved and pinned when a revision is made: ``openclaw:2026.9.6``."""
    versions = {str(block.options["version"]) for block in blueprint.of_kind("openclaw")}
    return tuple(sorted(image_reference(version) for version in versions))


def compile(  # noqa: A001  (It is the word for it, and nobody here compiles Python.)
    blueprint: Blueprint, tenant: TenantFacts, cabin: Cabin, images: Mapping[str, PinnedImage]
) -> Compiled:
    """What `cabin` must be for `tenant`. images: by reference, at least `image_references`.

    Raises Invalid where the tenant's values or limits do not fit this revision, or its volumes
    its image, and NotFound where an image is not pinned.
    """
    draft = _draft(blueprint, tenant)
    return Compiled(
        spec=RuntimeSpec(
            cabin=cabin,
            role=AGENT,
            shape=_shape(draft, images),
            resources=Resources(draft.cpu, draft.memory_mb, draft.pids),
        ),
        volumes=draft.volumes,
        content=_content(draft, tenant),
        requests_per_minute=draft.requests_per_minute,
        provider=draft.provider,
        models=draft.models,
        monthly_budget_usd=draft.monthly_budget_usd,
        missing_secrets=_missing_secrets(draft, tenant),
        sleep_after=draft.sleep_after,
    )


def _draft(blueprint: Blueprint, tenant: TenantFacts) -> Draft:
    facts = {"name": tenant.name, "slug": tenant.slug, "url": tenant.url}
    draft = Draft()
    for block in blueprint.blocks:
        options = _expanded(block, resolve(block, tenant.values, tenant.limits), facts)
        draft = KINDS[block.kind].add(draft, options)
    return draft


def _expanded(block: Block, options: Options, facts: Mapping[str, str]) -> Options:
    found = dict(options.given)
    for option in KINDS[block.kind].options:
        if option.expands and option.name in options:
            found[option.name] = expand(options.text(option.name), facts)
        elif option.item is not None and option.item.expands and option.name in options:
            texts = options.texts(option.name)
            found[option.name] = {name: expand(text, facts) for name, text in texts.items()}
    return Options(found)


def _shape(draft: Draft, images: Mapping[str, PinnedImage]) -> Shape:
    image = images.get(draft.image)
    if image is None:
        raise NotFound(
            f"The image {draft.image} of this revision is not pinned; apply the blueprint again."
        )
    mounts = tuple(Mount(volume.name, volume.path) for volume in draft.volumes)
    return Shape(
        image=image.id,
        command=image.command,
        environment=FIXED_ENVIRONMENT,
        mounts=mounts,
        tmpfs=TMP + _scratch(image, mounts),
        runtime=draft.runtime,
    )


def _scratch(image: PinnedImage, mounts: tuple[Mount, ...]) -> tuple[tuple[str, int], ...]:
    """What the image declares a volume and nobody mounted a disk at: memory, gone with the
    container. Raises Invalid for one below a disk, which that memory would hide."""
    taken = {*(mount.path for mount in mounts), *(path for path, _size in TMP)}
    free = sorted(set(image.volumes) - taken)
    for path in free:
        above = [m.path for m in mounts if path.startswith(f"{m.path.rstrip('/')}/")]
        if above:
            detail = (
                f"The image {image.reference} keeps its data at {path}, and the volume is mounted"
                f" above it, at {above[0]}: mount the volume at {path}."
            )
            raise Invalid([Problem("", "image_volume", detail)])
    return tuple((path, SCRATCH_MB) for path in free)


def _content(draft: Draft, tenant: TenantFacts) -> AgentContent:
    secrets = _secrets(draft, tenant)
    in_environment = {secret.name for secret in secrets if secret.kind == "env"}
    variables = dict(draft.variables) | dict(tenant.variables)
    return AgentContent(
        tenant_id=tenant.id,
        slug=tenant.slug,
        url=tenant.url,
        models=draft.models,
        prompt=draft.prompt,
        tools=draft.tools,
        # A revision may name a variable like a secret that a tenant has: the secret stays.
        variables=tuple(sorted((n, t) for n, t in variables.items() if n not in in_environment)),
        secrets=secrets,
        safe_mode=tenant.safe_mode,
    )


def _secrets(draft: Draft, tenant: TenantFacts) -> tuple[SecretRef, ...]:
    """The blueprint decides how a secret that it names arrives, the tenant's own the rest."""
    kinds = {wish.name: wish.kind for wish in draft.secrets}
    found = (
        SecretRef(secret.name, kinds.get(secret.name, secret.kind), secret.version)
        for secret in tenant.secrets
    )
    return tuple(sorted(found, key=lambda secret: secret.name))


def _missing_secrets(draft: Draft, tenant: TenantFacts) -> tuple[str, ...]:
    given = {secret.name for secret in tenant.secrets}
    return tuple(
        sorted(wish.name for wish in draft.secrets if wish.required and wish.name not in given)
    )
