"""Compile: a blueprint and one tenant become what a cabin must be, with nothing left to decide:
the agent, and each service beside it.

What differs between tenants (prompt, model, variables, secrets) becomes content and is written
in place; what is the same for all tenants of a revision becomes shape. So a tenant's value can
never make a new container, and any cabin of a revision could be any tenant's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from stateroom.domain.blocks import KINDS
from stateroom.domain.blocks.draft import Draft, Placed, SecretWish, ServiceDraft
from stateroom.domain.blocks.kind import Options
from stateroom.domain.blocks.openclaw import FIXED_ENVIRONMENT, image_reference
from stateroom.domain.blueprint import Block, Blueprint
from stateroom.domain.cabin import Cabin
from stateroom.domain.content import AgentContent, SecretRef, ServiceContent
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
    not set; the cabin must not start without them. services: those beside the agent, in the order
    of their roles. volumes: all of the cabin's, the agent's first."""

    spec: RuntimeSpec
    volumes: tuple[Volume, ...]
    content: AgentContent
    requests_per_minute: int
    provider: str
    models: tuple[str, ...]
    monthly_budget_usd: float | None
    missing_secrets: tuple[str, ...]
    services: tuple[RuntimeSpec, ...] = ()


def image_references(blueprint: Blueprint) -> tuple[str, ...]:
    """What must be resolved and pinned when a revision is made."""
    return tuple(sorted(set(programs(blueprint).values())))


def programs(blueprint: Blueprint) -> dict[str, str]:
    """The image of each role: ``openclaw:2026.9.6``, and those of services as they are written,
    none of which begins with ``openclaw:``."""
    found = {block.id: str(block.options["image"]) for block in blueprint.of_kind("service")}
    for block in blueprint.of_kind("openclaw"):
        found[AGENT] = image_reference(str(block.options["version"]))
    return found


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
        volumes=draft.volumes + tuple(v for service in draft.services for v in _volumes(service)),
        content=_content(draft, tenant),
        requests_per_minute=draft.requests_per_minute,
        provider=draft.provider,
        models=draft.models,
        monthly_budget_usd=draft.monthly_budget_usd,
        missing_secrets=_missing_secrets(draft, tenant),
        services=tuple(_service(one, cabin, images, draft.runtime) for one in draft.services),
    )


def _draft(blueprint: Blueprint, tenant: TenantFacts) -> Draft:
    facts = {"name": tenant.name, "slug": tenant.slug, "url": tenant.url}
    draft = Draft()
    placed = [(Placed(b.id, blueprint.service_of(b.id)), b) for b in blueprint.blocks]
    # What belongs to a service finds it there.
    for place, block in sorted(placed, key=lambda one: one[0].owner != ""):
        # A tenant's limits are the agent's.
        limits = {} if place.owner else tenant.limits
        options = _expanded(block, resolve(block, tenant.values, limits), facts)
        draft = KINDS[block.kind].add(draft, options, place)
    return replace(draft, services=tuple(sorted(draft.services, key=lambda service: service.id)))


def _service(
    draft: ServiceDraft, cabin: Cabin, images: Mapping[str, PinnedImage], runtime: str
) -> RuntimeSpec:
    """runtime: the agent's. Whoever draws a stricter one means all that runs in the cabin."""
    image = _pinned(draft.image, images)
    mounts = tuple(Mount(volume.name, volume.path) for volume in _volumes(draft))
    return RuntimeSpec(
        cabin=cabin,
        role=draft.id,
        shape=Shape(
            image=image.id,
            command=draft.command or image.command,
            mounts=mounts,
            tmpfs=TMP + _scratch(image, mounts),
            runtime=runtime,
        ),
        resources=Resources(draft.cpu, draft.memory_mb, draft.pids),
        user=draft.user,
        health=draft.health,
    )


def _volumes(service: ServiceDraft) -> tuple[Volume, ...]:
    return tuple(sorted(service.volumes, key=lambda volume: volume.name))


def _expanded(block: Block, options: Options, facts: Mapping[str, str]) -> Options:
    found = dict(options.given)
    for option in KINDS[block.kind].options:
        if option.expands and option.name in options:
            found[option.name] = expand(options.text(option.name), facts)
        elif option.item is not None and option.item.expands and option.name in options:
            texts = options.texts(option.name)
            found[option.name] = {name: expand(text, facts) for name, text in texts.items()}
    return Options(found)


def _pinned(reference: str, images: Mapping[str, PinnedImage]) -> PinnedImage:
    image = images.get(reference)
    if image is None:
        raise NotFound(
            f"The image {reference} of this revision is not pinned; apply the blueprint again."
        )
    return image


def _shape(draft: Draft, images: Mapping[str, PinnedImage]) -> Shape:
    image = _pinned(draft.image, images)
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
    of_services = {wish.name for service in draft.services for wish in service.secrets}
    own = [secret for secret in tenant.secrets if secret.name not in of_services]
    secrets = _secrets(draft.secrets, own)
    return AgentContent(
        tenant_id=tenant.id,
        slug=tenant.slug,
        url=tenant.url,
        models=draft.models,
        prompt=draft.prompt,
        tools=draft.tools,
        variables=_variables(dict(draft.variables) | dict(tenant.variables), secrets),
        secrets=secrets,
        safe_mode=tenant.safe_mode,
        services=tuple(_service_content(service, tenant) for service in draft.services),
    )


def _service_content(service: ServiceDraft, tenant: TenantFacts) -> ServiceContent:
    """Only what its own blocks name: what else a tenant has is for the agent."""
    named = {wish.name for wish in service.secrets}
    own = [secret for secret in tenant.secrets if secret.name in named]
    secrets = _secrets(service.secrets, own)
    return ServiceContent(service.id, _variables(dict(service.variables), secrets), secrets)


def _variables(
    variables: Mapping[str, str], secrets: tuple[SecretRef, ...]
) -> tuple[tuple[str, str], ...]:
    # A revision may name a variable like a secret that a tenant has: the secret stays.
    hidden = {secret.name for secret in secrets if secret.kind == "env"}
    return tuple(sorted((n, text) for n, text in variables.items() if n not in hidden))


def _secrets(
    wishes: tuple[SecretWish, ...], secrets: Iterable[SecretRef]
) -> tuple[SecretRef, ...]:
    """The blueprint decides how a secret that it names arrives, the tenant's own the rest."""
    kinds = {wish.name: wish.kind for wish in wishes}
    found = (
        SecretRef(secret.name, kinds.get(secret.name, secret.kind), secret.version)
        for secret in secrets
    )
    return tuple(sorted(found, key=lambda secret: secret.name))


def _missing_secrets(draft: Draft, tenant: TenantFacts) -> tuple[str, ...]:
    given = {secret.name for secret in tenant.secrets}
    wishes = (*draft.secrets, *(wish for service in draft.services for wish in service.secrets))
    return tuple(
        sorted(wish.name for wish in wishes if wish.required and wish.name not in given)
    )
