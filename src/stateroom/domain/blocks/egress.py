"""egress: which domains the agent may reach besides its model."""

from __future__ import annotations

from stateroom.domain.blocks.draft import Draft, Placed
from stateroom.domain.blocks.kind import Kind, Notice, Options
from stateroom.domain.blocks.option import Option, Type

MOST_DOMAINS = 100
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = Option(
    name="",
    type=Type.TEXT,
    title="Domain",
    help="One domain, or every one below it.",
    max_length=253,
    # The last label begins with a letter, so that no address is taken for a name.
    pattern=rf"^(\*\.)?({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?$(?!\n)",
    rule="Write api.example.com, or *.example.com for all below it, in small letters.",
    per_tenant=False,
)


def _add(draft: Draft, _: Options, __: Placed) -> Draft:
    """Nothing of it reaches a cabin: the broker is to enforce it, and does not yet."""
    return draft


EGRESS = Kind(
    name="egress",
    title="Egress",
    help="The domains that the agent may reach. Without one it reaches its model and no other.",
    at_most=1,
    add=_add,
    notice=Notice(
        "not_enforced",
        "The list of domains is kept and shown, but nothing opens them yet: the agent reaches no"
        " address outside of its cabin.",
        "Deploy it all the same; the list comes into force with a later version.",
    ),
    options=(
        Option(
            name="domains",
            type=Type.LIST,
            title="Domains",
            help="Each a domain, or *. and a domain for all below it.",
            required=True,
            hint="List them, for example [api.example.com].",
            min_length=1,
            max_length=MOST_DOMAINS,
            distinct=True,
            per_tenant=False,
            item=DOMAIN,
        ),
    ),
)
