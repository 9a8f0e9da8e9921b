"""secret: a value that every tenant has its own of. The blueprint knows its name alone."""

from __future__ import annotations

from collections.abc import Mapping

from stateroom.domain.blocks.draft import Draft, Placed, SecretWish
from stateroom.domain.blocks.kind import Kind, Options
from stateroom.domain.blocks.option import Option, Type, Unique


def _add(draft: Draft, options: Options, place: Placed) -> Draft:
    wish = SecretWish(options.text("name"), options.text("as"), options.flag("required"))
    return draft.with_secret(place.owner, wish)


def _names(options: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    name = options.get("name")
    return ((name, "/name"),) if isinstance(name, str) else ()


SECRET = Kind(
    name="secret",
    title="Secret",
    help="A key or password of the tenant's own, sealed at rest and never shown again.",
    links_from=("openclaw", "service"),
    add=_add,
    names=_names,
    # A tenant has one secret of each name: two blocks of that name would both want it.
    names_unique=Unique.BLUEPRINT,
    most_owners=1,
    options=(
        Option(
            name="name",
            type=Type.TEXT,
            title="Name",
            help="How programs inside find it.",
            required=True,
            form="environment",
            hint="Name it, for example CRM_API_KEY.",
            per_tenant=False,
        ),
        Option(
            name="as",
            type=Type.TEXT,
            title="As",
            help="env: environment and file; a change restarts the runtime. file: file only.",
            default="env",
            choices=("env", "file"),
            per_tenant=False,
        ),
        Option(
            name="required",
            type=Type.BOOLEAN,
            title="Required",
            help="A tenant without it is not started.",
            default=False,
            per_tenant=False,
        ),
    ),
)
