"""`stateroom webhook show | set | test | delete`: where you are told when a tenant becomes ready or
fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from stateroom.cli.answers import mapping, text
from stateroom.cli.asking import confirm
from stateroom.cli.options import Json, Yes
from stateroom.cli.session import Session, session

EVENTS = ("tenant.ready", "tenant.failed")


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Be told when a tenant becomes ready or fails: signed, at least once, in order.",
    )
    group.command()(show)
    group.command("set")(set_)
    group.command("test")(try_out)
    group.command()(delete)
    app.add_typer(group, name="webhook")


def show(as_json: Json = False) -> None:
    """Show the webhook, its last result and what waits.

    \b
    Example:
      stateroom webhook show
    """
    with session(as_json) as s:
        answer = s.api.get("/webhook")
        if as_json:
            s.screen.json(answer)
        elif answer is None:
            s.screen.text("There is no webhook: `stateroom webhook set URL` makes one.")
        else:
            _facts(s, mapping(answer))


def set_(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where messages are sent, by POST.")],
    event: Annotated[
        list[str] | None,
        typer.Option(
            "--event",
            metavar="|".join(EVENTS),
            help="What is told; both unless said. Repeatable.",
        ),
    ] = None,
    rotate: Annotated[
        bool,
        typer.Option("--rotate", help="Make a new secret; the old one signs beside it for a day."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Set the webhook. Its secret is printed when it is made, and never again.

    \b
    Examples:
      stateroom webhook set https://example.com/hooks/stateroom
      stateroom webhook set http://127.0.0.1:9000/ --event tenant.failed --rotate
    """
    with session(as_json) as s:
        body = {"url": url, "events": event or list(EVENTS), "rotate": rotate}
        answer = s.api.put("/webhook", body)
        if as_json:
            s.screen.json(answer)
            return
        _facts(s, mapping(answer))
        if secret := mapping(answer).get("secret"):
            s.screen.text(f"secret   {secret}")
            s.screen.note("Keep the secret where the receiver finds it: it is not shown again.")


def try_out(as_json: Json = False) -> None:
    """Have a message sent that means nothing; `webhook show` says what came of it.

    \b
    Example:
      stateroom webhook test
    """
    with session(as_json) as s:
        s.api.post("/webhook/test", {})
        if as_json:
            s.screen.json({"sent": True})
        else:
            s.screen.text("A test is under way: `stateroom webhook show` says what came of it.")


def delete(yes: Yes = False, as_json: Json = False) -> None:
    """Delete the webhook, with what it still had to tell.

    \b
    Example:
      stateroom webhook delete --yes
    """
    with session(as_json) as s:
        confirm("This deletes the webhook and its secret.", "webhook", yes, as_json)
        s.api.delete("/webhook")
        if as_json:
            s.screen.json({"deleted": True})
        else:
            s.screen.text("The webhook is deleted.")


def _facts(s: Session, hook: Mapping[str, Any]) -> None:
    last = mapping(hook.get("last"))
    s.screen.facts(
        [
            ("url", text(hook.get("url"))),
            ("events", ", ".join(map(text, hook.get("events") or []))),
            ("last", f"{text(last.get('at'))} {text(last.get('detail'))}".strip()),
            ("waiting", text(hook.get("waiting") or "")),
            ("dead", text(hook.get("dead") or "")),
        ]
    )
