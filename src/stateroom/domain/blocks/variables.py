"""variables: flags and settings in the environment of the agent, or of a service."""

from __future__ import annotations

from collections.abc import Mapping

from stateroom.domain.blocks.draft import Draft, Placed
from stateroom.domain.blocks.kind import Kind, Options
from stateroom.domain.blocks.option import TEXT, Option, Type
from stateroom.domain.pointer import pointer

MOST_VARIABLES = 100
VARIABLE = Option(
    name="",
    type=Type.TEXT,
    title="Variable",
    help="${tenant.name}, ${tenant.slug} and ${tenant.url} are replaced.",
    max_length=8_192,
    pattern=TEXT,
    rule="Leave out NUL and broken Unicode.",
    expands=True,
)


def _add(draft: Draft, options: Options, place: Placed) -> Draft:
    return draft.with_variables(place.owner, tuple(options.texts("values").items()))


def _names(options: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    values = options.get("values")
    if not isinstance(values, Mapping):
        return ()
    return tuple((name, pointer("values", name)) for name in values)


VARIABLES = Kind(
    name="variables",
    title="Variables",
    help="Flags and settings that programs inside read from their environment.",
    links_from=("openclaw", "service"),
    add=_add,
    names=_names,
    most_owners=1,
    options=(
        Option(
            name="values",
            type=Type.MAP,
            title="Values",
            help="Each name with its text; each text may be a value of the tenant's own.",
            required=True,
            hint='Give an object of names and texts, for example {FEATURE_REPORTS: "off"}.',
            per_tenant=False,
            max_length=MOST_VARIABLES,
            item=VARIABLE,
        ),
    ),
)
