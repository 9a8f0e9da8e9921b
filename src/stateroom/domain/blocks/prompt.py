"""prompt: what the agent is told about its task, before any conversation."""

from __future__ import annotations

from dataclasses import replace

from stateroom.domain.blocks.draft import Draft, Placed
from stateroom.domain.blocks.kind import Kind, Options
from stateroom.domain.blocks.option import TEXT, Option, Type


def _add(draft: Draft, options: Options, _: Placed) -> Draft:
    return replace(draft, prompt=options.text("text"))


PROMPT = Kind(
    name="prompt",
    title="Prompt",
    help="The agent's standing instructions.",
    at_most=1,
    add=_add,
    options=(
        Option(
            name="text",
            type=Type.TEXT,
            title="Text",
            help="${tenant.name}, ${tenant.slug} and ${tenant.url} are replaced.",
            required=True,
            max_length=65_536,
            pattern=TEXT,
            rule="Leave out NUL and broken Unicode.",
            form="multiline",
            expands=True,
        ),
    ),
)
