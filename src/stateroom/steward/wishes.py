"""Desired rows -> wishes: what the store wants, compiled for the planner.

Compiling is a pure function of a tenant's row, its revision and the names and versions of its
secrets, so what was compiled is remembered by exactly these. Forgetting all of it costs time
and nothing else; a pass does not trust the pass before it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from stateroom.broker.grants import Grant, Provider, grant_digest
from stateroom.domain import blueprint as blueprints
from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.compile import Compiled, PinnedImage, TenantFacts, compile, image_references
from stateroom.domain.content import ContentVersion, SecretRef
from stateroom.domain.wish import BrokerGrant, Checkpoint, Doorway, Failure, Intent, Wish
from stateroom.errors import StateroomError
from stateroom.runtimes import openclaw
from stateroom.runtimes.obtaining import how_to_obtain
from stateroom.settings import Settings
from stateroom.steward.keys import StewardKeys
from stateroom.store.records import (
    CabinRecord,
    CopyRecord,
    Desired,
    DesiredTenant,
    FailureRecord,
    RevisionRecord,
)

log = logging.getLogger(__name__)

DEFECT = "a defect of Stateroom keeps it from being compiled; see the steward's log, and report it"

class _NotYet(StateroomError):
    """It is being looked for; nobody has to do anything."""


DEMO = Provider(kind="demo")
"""Built in: known to every broker, needs no key."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """The wish of the last pass, and what the executor needs to carry its actions out. compiled
    and grant are None where the wish says why it is blocked."""

    key: tuple[object, ...]
    wish: Wish
    compiled: Compiled | None = None
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A row of the store that would lead out of what is the installation's own: no wish is made
    of it, and what stands under that name is left as it is. tenant: "" for an erased cabin."""

    cabin: str
    tenant: str
    reason: str


class Compiler:
    """Keeps the last compilation of every cabin."""

    def __init__(self, installation: Installation, settings: Settings, keys: StewardKeys) -> None:
        self._installation = installation
        self._settings = settings
        self._keys = keys
        self._known: dict[str, Compilation] = {}
        self._parsed: dict[int, blueprints.Blueprint] = {}
        self._last: tuple[Desired, tuple[Wish, ...]] | None = None
        self.refused: tuple[Refused, ...] = ()

    def wishes(self, desired: Desired) -> tuple[Wish, ...]:
        """Of one `Desired` always the same ones, which it knows by identity: nobody changes it."""
        if self._last is None or self._last[0] is not desired:
            self._last = desired, self._wishes(desired)
        return self._last[1]

    def _wishes(self, desired: Desired) -> tuple[Wish, ...]:
        known: dict[str, Compilation] = {}
        found: list[Wish] = []
        checkpoints = checkpoints_of(desired.copies)
        refused: list[Refused] = []
        pins = {of: _pins(revision) for of, revision in desired.revisions.items()}
        for entry in desired.tenants:
            of = (entry.tenant.blueprint, entry.tenant.revision)
            revision = desired.revisions.get(of)
            key = _key(entry, revision, pins.get(of, ()))
            compilation = self._known.get(entry.cabin.id)
            if compilation is None or compilation.key != key:
                if why := self._no_cabin(entry.cabin):
                    refused.append(Refused(entry.cabin.id, entry.tenant.id, why))
                    continue
                compilation = self._compile(key, entry, revision)
            wish = _with_the_moment(compilation.wish, entry, desired)
            if (point := checkpoints.get(entry.cabin.id, Checkpoint())) != wish.checkpoint:
                wish = replace(wish, checkpoint=point)
            if wish is not compilation.wish:
                compilation = replace(compilation, wish=wish)
            known[entry.cabin.id] = compilation
            found.append(wish)
        self._known = known
        used = {entry.id for entry in desired.revisions.values()}
        self._parsed = {number: one for number, one in self._parsed.items() if number in used}
        for record in desired.erased:
            if why := self._no_cabin(record):
                refused.append(Refused(record.id, "", why))
            else:
                found.append(_erasure(self.cabin(record), desired))
        self._refuse(tuple(refused))
        return tuple(found)

    def _no_cabin(self, record: CabinRecord) -> str:
        """Why a row describes no cabin of this installation, "" when it does."""
        try:
            self.cabin(record)
        except ValueError as error:
            return (
                f"{error}; nothing is done for it. Restore the database, or the setting"
                " `subnets` if that was changed"
            )
        return ""

    def _refuse(self, refused: tuple[Refused, ...]) -> None:
        for one in refused:
            if one not in self.refused:
                log.error("the cabin %r is refused: %s", one.cabin, one.reason,
                          extra={"action": "cabin_refused"})
        self.refused = refused

    def of(self, cabin: str) -> Compilation | None:
        """What the last wishes of this cabin were compiled from."""
        return self._known.get(cabin)

    def _compile(
        self, key: tuple[object, ...], entry: DesiredTenant, revision: RevisionRecord | None
    ) -> Compilation:
        tenant, cabin = entry.tenant, self.cabin(entry.cabin)
        bare = Wish(
            cabin=cabin,
            tenant=tenant.id,
            slug=tenant.slug,
            intent=_intent(entry),
            generation=tenant.generation,
            revision=tenant.revision,
            doorway=Doorway(
                f"{tenant.slug}.{self._settings.tenant_domain}",
                openclaw.user_of(tenant.slug),
                0,
                (entry.cabin.token_sha256,),
            ),
            restart_at=tenant.restart_at,
            changed_at=tenant.changed_at,
            safe_mode=tenant.safe_mode,
            boot_cpu=self._settings.boot_cpu,
            grant=BrokerGrant(entry.cabin.broker_key_sha256, ""),
        )
        try:
            blueprint, images = self._pinned(revision)
            compiled = compile(blueprint, self._facts(entry), cabin, images)
        except StateroomError as error:
            passing = isinstance(error, _NotYet)
            return Compilation(key, replace(bare, blocked=error.message, passing=passing))
        except Exception:
            # A defect of ours that one tenant's values bring out must not stop all others.
            log.exception("%s cannot be compiled", tenant.slug, extra={"action": "not_compiled"})
            return Compilation(key, replace(bare, blocked=DEFECT))
        return self._complete(key, bare, compiled)

    def _complete(
        self, key: tuple[object, ...], bare: Wish, compiled: Compiled
    ) -> Compilation:
        assert bare.grant is not None and bare.doorway is not None
        grant = Grant(
            cabin=bare.cabin.id,
            tenant=bare.tenant,
            provider=compiled.provider,
            models=compiled.models,
            monthly_budget_usd=compiled.monthly_budget_usd,
            address=bare.cabin.host,
        )
        wish = replace(
            bare,
            spec=compiled.spec,
            volumes=compiled.volumes,
            services=compiled.services,
            content=self._version(bare, compiled),
            grant=BrokerGrant(bare.grant.key, grant_digest(grant)),
            doorway=replace(bare.doorway, requests_per_minute=compiled.requests_per_minute),
            blocked=_missing(compiled, bare.slug),
        )
        return Compilation(key, wish, compiled, grant)

    def _version(self, bare: Wish, compiled: Compiled) -> ContentVersion:
        return ContentVersion(
            generation=bare.generation,
            digest=self._keys.digest(openclaw.canonical(compiled.content, bare.cabin)),
            environment=self._keys.digest(openclaw.canonical_environment(compiled.content)),
        )

    def _pinned(
        self, revision: RevisionRecord | None
    ) -> tuple[blueprints.Blueprint, dict[str, PinnedImage]]:
        if revision is None:
            raise StateroomError("its revision is not in the store; deploy the blueprint again")
        parsed = self._parsed.get(revision.id)
        if parsed is None:
            parsed = self._parsed[revision.id] = blueprints.parse(revision.document)
        missing = [r for r in image_references(parsed) if r not in revision.images]
        if missing and not revision.not_here:
            raise _NotYet(f"the image {', '.join(missing)} is being looked for")
        if missing and revision.unfit:
            raise StateroomError(revision.unfit)
        if missing:
            how = how_to_obtain(missing[0])
            raise StateroomError(
                f"the image {', '.join(missing)} is not on this machine yet; {how}"
            )
        return parsed, pinned_images(revision.images)

    def _facts(self, entry: DesiredTenant) -> TenantFacts:
        tenant = entry.tenant
        return TenantFacts(
            id=tenant.id,
            slug=tenant.slug,
            name=tenant.name,
            url=self._settings.tenant_url(tenant.slug),
            values=tenant.values,
            limits=tenant.limits,
            variables=tenant.variables,
            secrets=tuple(SecretRef(s.name, s.kind, str(s.version)) for s in entry.secrets),
            safe_mode=tenant.safe_mode,
        )

    def cabin(self, record: CabinRecord) -> Cabin:
        return Cabin(self._installation, record.id, record.number, record.slot)


def pinned_images(images: Mapping[str, Mapping[str, object]]) -> dict[str, PinnedImage]:
    found: dict[str, PinnedImage] = {}
    for reference, pin in images.items():
        found[reference] = PinnedImage.of_row(reference, pin)
    return found


Pins = tuple[tuple[str, str], ...]
"""References of images and the ids that they are pinned to."""


def _pins(revision: RevisionRecord) -> Pins:
    return tuple(sorted((name, str(pin["id"])) for name, pin in revision.images.items()))


def _key(
    entry: DesiredTenant, revision: RevisionRecord | None, pinned: Pins
) -> tuple[object, ...]:
    """Everything that a wish is compiled from and that can change."""
    tenant, cabin = entry.tenant, entry.cabin
    return (
        tenant.id,
        tenant.generation,
        tenant.deleting,
        tenant.restart_at,
        revision.id if revision else 0,
        (revision.not_here, revision.unfit) if revision else (False, ""),
        pinned,
        cabin.number,
        cabin.slot,
        cabin.token_sha256,
        cabin.broker_key_sha256,
        tuple((s.name, s.kind, s.version) for s in entry.secrets),
    )


def _erasure(cabin: Cabin, desired: Desired) -> Wish:
    """A kept disk that somebody asked to erase: a cabin without a tenant."""
    failures = failures_of(desired.failures.get(cabin.id, ()))
    return Wish(
        cabin, tenant="", slug="", intent=Intent.ERASE, generation=0, revision=0, failures=failures
    )


def failures_of(records: Iterable[FailureRecord]) -> tuple[Failure, ...]:
    return tuple(
        Failure(f.at, f.began_at, f.kind, f.detail, f.retry_after, f.role) for f in records
    )


def checkpoints_of(copies: Iterable[CopyRecord]) -> dict[str, Checkpoint]:
    """By cabin: what its copies should become. At most one is made or put back at a time."""
    found: dict[str, Checkpoint] = {}
    for copy in copies:
        point = found.get(copy.cabin, Checkpoint())
        if copy.state == "wanted":
            point = replace(point, make=copy.id)
        elif copy.state == "back":
            point = replace(point, back=copy.id)
        elif copy.state == "erased":
            point = replace(point, drop=point.drop | {copy.id})
        found[copy.cabin] = point
    return found


def _with_the_moment(wish: Wish, entry: DesiredTenant, desired: Desired) -> Wish:
    status = desired.status.get(entry.tenant.id)
    was_ready = (
        status is not None
        and status.running_revision > 0
        and status.phase in ("ready", "degraded", "starting")
    )
    failures = failures_of(entry.failures)
    if wish.failures == failures and wish.was_ready == was_ready:
        return wish
    return replace(wish, failures=failures, was_ready=was_ready)


def _intent(entry: DesiredTenant) -> Intent:
    if entry.tenant.deleting:
        return Intent(entry.tenant.deleting)
    return Intent.SUSPEND if entry.tenant.suspended else Intent.RUN


def _missing(compiled: Compiled, slug: str) -> str:
    if not compiled.missing_secrets:
        return ""
    names = ", ".join(compiled.missing_secrets)
    first = compiled.missing_secrets[0]
    return f"it needs the secret {names}: `stateroom secrets set {slug} {first}`"
