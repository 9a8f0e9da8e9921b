"""model: which model thinks for the tenant, through the broker, and what it may cost."""

from __future__ import annotations

from dataclasses import replace

from stateroom.domain.blocks.draft import Draft, Placed
from stateroom.domain.blocks.kind import Kind, Options
from stateroom.domain.blocks.option import Option, Type


def _add(draft: Draft, options: Options, _: Placed) -> Draft:
    has_budget = "monthly_budget_usd" in options
    return replace(
        draft,
        provider=options.text("provider"),
        models=(options.text("model"),),
        monthly_budget_usd=options.number("monthly_budget_usd") if has_budget else None,
    )


MODEL = Kind(
    name="model",
    title="Model",
    help="Who answers. The provider's key stays with the broker and never enters a cabin.",
    at_least=1,
    at_most=1,
    add=_add,
    options=(
        Option(
            name="provider",
            type=Type.TEXT,
            title="Provider",
            help="One of the providers of this installation. demo answers without any key.",
            default="demo",
            pattern=r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$(?!\n)",
            rule="The provider's name: a-z, 0-9 and hyphens.",
        ),
        Option(
            name="model",
            type=Type.TEXT,
            title="Model",
            help="The model's id as its provider knows it.",
            required=True,
            max_length=200,
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$(?!\n)",
            rule="A model's id has no spaces, for example demo-1.",
            hint="Say which model, for example demo-1.",
        ),
        Option(
            name="monthly_budget_usd",
            type=Type.NUMBER,
            title="Budget (USD a month)",
            help="Calls that would cost more than this are refused. Not given: no budget.",
            minimum=0,
            maximum=1_000_000_000,
        ),
    ),
)
