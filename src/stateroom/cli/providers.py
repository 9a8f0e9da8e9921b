"""`stateroom providers list | set | delete`: where models come from. Keys go in only."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from stateroom.cli.answers import items, text
from stateroom.cli.asking import confirm
from stateroom.cli.failure import usage
from stateroom.cli.options import Json, Yes
from stateroom.cli.paths import path
from stateroom.cli.session import session

Name = Annotated[str, typer.Argument(metavar="NAME", help="The provider's name in blueprints.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Model providers. Their keys stay in the broker; no tenant ever has one.",
    )
    group.command("list")(list_)
    group.command("set")(set_)
    group.command()(delete)
    app.add_typer(group, name="providers")


def list_(as_json: Json = False) -> None:
    """List the model providers.

    \b
    Example:
      stateroom providers list
    """
    with session(as_json) as s:
        answer = s.api.get("/providers")
        if as_json:
            s.screen.json(answer)
            return
        rows = [
            (
                text(e.get("name")),
                text(e.get("kind")),
                "yes" if e.get("has_key") else "no",
                text(e.get("base_url")),
            )
            for e in items(answer)
        ]
        s.screen.table(("NAME", "KIND", "KEY", "ADDRESS"), rows)


def set_(
    name: Name,
    kind: Annotated[
        str, typer.Option("--kind", metavar="openai|anthropic|demo", help="What it speaks.")
    ],
    base_url: Annotated[
        str, typer.Option("--base-url", metavar="URL", help="Its address; none for demo.")
    ] = "",
    no_key: Annotated[
        bool, typer.Option("--no-key", help="Do not read a key: it needs none, or keeps its own.")
    ] = False,
    price: Annotated[
        list[str] | None,
        typer.Option(
            "--price",
            metavar="MODEL=IN,OUT",
            help="USD for a million tokens read and written; for budgets. Repeatable.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Add or change a provider; its key comes on stdin (asked for on a terminal).

    \b
    Examples:
      pass show openai | stateroom providers set openai --kind openai \\
          --base-url https://api.openai.com/v1 --price gpt-5=1.25,10
      stateroom providers set local --kind openai --base-url http://127.0.0.1:11434/v1 --no-key
    """
    from stateroom.cli.secrets_in import from_stdin

    with session(as_json) as s:
        body: dict[str, Any] = {"kind": kind, "base_url": base_url}
        if price:
            body["prices"] = dict(_price(each) for each in price)
        if not no_key and kind != "demo":
            body["key"] = from_stdin(f"The key of {name} (--no-key: none)")
        answer = s.api.put(path("providers", name), body)
        if as_json:
            s.screen.json(answer if isinstance(answer, dict) else {"name": name})
        else:
            s.screen.text(f"Provider {name} is set.")


def delete(name: Name, yes: Yes = False, as_json: Json = False) -> None:
    """Delete a provider and its key.

    \b
    Example:
      stateroom providers delete openai --yes
    """
    with session(as_json) as s:
        confirm(f"This deletes the provider {name} and its key.", name, yes, as_json)
        s.api.delete(path("providers", name))
        if as_json:
            s.screen.json({"name": name})
        else:
            s.screen.text(f"Provider {name} is deleted.")


def _price(pair: str) -> tuple[str, dict[str, float]]:
    model, _, prices = pair.rpartition("=")
    try:
        cost_in, cost_out = (float(each) for each in prices.split(","))
    except ValueError:
        cost_in = cost_out = -1.0
    if not model or not (0 <= cost_in < float("inf") and 0 <= cost_out < float("inf")):
        raise usage(f"--price {pair!r}: write MODEL=IN,OUT, for example demo-1=0.5,1.5.")
    return model, {"input": cost_in, "output": cost_out}
