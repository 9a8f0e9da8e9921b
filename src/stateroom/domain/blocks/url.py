"""url: the tenant's own HTTPS address, and how often it may be asked."""

from __future__ import annotations

from dataclasses import replace

from stateroom.domain.blocks.draft import Draft, Placed
from stateroom.domain.blocks.kind import Kind, Options
from stateroom.domain.blocks.option import Option, Type


def _add(draft: Draft, options: Options, _: Placed) -> Draft:
    return replace(draft, requests_per_minute=options.whole("requests_per_minute"))


URL = Kind(
    name="url",
    title="URL",
    help="The tenant's own HTTPS address. Link it to the OpenClaw that answers there.",
    links_from=(),
    at_least=1,
    at_most=1,
    add=_add,
    options=(
        Option(
            name="requests_per_minute",
            type=Type.INTEGER,
            title="Requests per minute",
            help="More than this are answered 429 until the minute has passed.",
            default=600,
            minimum=1,
            maximum=1_000_000,
            limit="requests_per_minute",
        ),
        Option(
            name="access",
            type=Type.TEXT,
            title="Access",
            help="private: nobody enters without the tenant's token or a signed-in browser.",
            default="private",
            choices=("private",),
            per_tenant=False,
        ),
    ),
)
