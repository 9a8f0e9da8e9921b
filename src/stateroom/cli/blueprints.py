"""`stateroom blueprints list | show | check | apply | diff | revisions | schema | deploy |
stop | deployments`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stateroom.cli import blueprint_deploy
from stateroom.cli.answers import items, mapping, text
from stateroom.cli.failure import Code, Failure, problems_in
from stateroom.cli.options import Blueprint, Json
from stateroom.cli.paths import path
from stateroom.cli.screen import Screen, moment
from stateroom.cli.session import Session, session

if TYPE_CHECKING:
    from stateroom.cli.documents import Document

File = Annotated[
    str, typer.Argument(metavar="FILE", help="A blueprint, YAML or JSON; - for stdin.")
]
Revision = Annotated[
    int | None, typer.Option("--revision", metavar="N", min=1, help="Not the newest, this one.")
]
From = Annotated[int, typer.Argument(metavar="FROM", min=1, help="A revision's number.")]
To = Annotated[int, typer.Argument(metavar="TO", min=1, help="Another revision's number.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Blueprints: what tenants are made from, as immutable, numbered revisions.",
    )
    for command in (list_, show, check, apply, diff, revisions, schema):
        group.command(command.__name__.rstrip("_"))(command)
    blueprint_deploy.register(group)
    app.add_typer(group, name="blueprints")


def list_(as_json: Json = False) -> None:
    """List the blueprints.

    \b
    Example:
      stateroom blueprints list
    """
    with session(as_json) as s:
        answer = s.api.get("/blueprints")
        if as_json:
            s.screen.json(answer)
            return
        rows = [
            (
                text(each.get("name")),
                text(each.get("revision")),
                text(each.get("deployed_revision")) or "-",
                moment(each.get("created_at")),
            )
            for each in items(answer)
        ]
        if rows:
            s.screen.table(("BLUEPRINT", "NEWEST", "DEPLOYED", "CREATED"), rows)
        else:
            s.screen.note("No blueprint. `stateroom blueprints apply FILE` makes one.")


def show(blueprint: Blueprint, revision: Revision = None, as_json: Json = False) -> None:
    """Print a blueprint, as `apply` takes it.

    \b
    Examples:
      stateroom blueprints show support-agent > support-agent.yaml
      stateroom blueprints show support-agent --revision 2 --json
    """
    with session(as_json) as s:
        parts = ["revisions", str(revision)] if revision is not None else []
        answer = s.api.get(path("blueprints", blueprint, *parts))
        if as_json:
            s.screen.json(answer)
        else:
            _print_yaml(s.screen, mapping(answer).get("document", answer))


def check(file: File, as_json: Json = False) -> None:
    """Check a blueprint, changing nothing: every problem at once. Exit code 1 if there is one.

    \b
    Examples:
      stateroom blueprints check support-agent.yaml
      cat support-agent.yaml | stateroom blueprints check -
    """
    from stateroom.cli.documents import read_document

    with session(as_json) as s:
        document = read_document(file)
        with _document_at_fault():
            answer = s.api.send_document(
                "POST", "/blueprints/check", document.text, document.media_type
            )
        found = problems_in(answer, "problems")
        if found or not answer.get("ok", not found):
            count = f"{len(found)} problem{'' if len(found) == 1 else 's'}"
            raise Failure(f"{document.file}: {count}.", problems=found, answer=answer)
        if as_json:
            s.screen.json(answer)
        else:
            s.screen.text(f"{document.file} is a good blueprint.")
            for notice in problems_in(answer, "notices"):
                where = f"{notice.block}: " if notice.block else ""
                s.screen.note(f"{where}{notice.detail} {notice.hint}".strip(), "yellow")


def apply(file: File, as_json: Json = False) -> None:
    """Save a blueprint. A new revision only if its meaning changed; no tenant moves by that.

    \b
    Example:
      stateroom blueprints apply support-agent.yaml
    """
    from stateroom.cli.documents import read_document

    with session(as_json) as s:
        document = read_document(file)
        where = path("blueprints", document.name())
        with _document_at_fault():
            answer = s.api.send_document("PUT", where, document.text, document.media_type)
        if as_json:
            s.screen.json(answer)
            return
        name, number = document.name(), answer.get("revision")
        if answer.get("created", True):
            s.screen.text(f"{name}: revision {number} is new.")
            s.screen.note(f"`stateroom blueprints deploy {name}` moves its tenants to it.")
        else:
            s.screen.text(f"{name}: revision {number} says the same already.")
        for line in _what_it_lacks(s, document):
            s.screen.note(line, "yellow")


def diff(blueprint: Blueprint, from_: From, to: To, as_json: Json = False) -> None:
    """Show what changed between two revisions.

    \b
    Example:
      stateroom blueprints diff support-agent 1 2
    """
    with session(as_json) as s:
        answer = s.api.get(path("blueprints", blueprint, "diff"), **{"from": from_, "to": to})
        if as_json:
            s.screen.json(answer)
            return
        changes = items(mapping(answer).get("changes"))
        for change in changes:
            s.screen.text(_change(change))
        if not changes:
            s.screen.note("They mean the same.")


def revisions(blueprint: Blueprint, as_json: Json = False) -> None:
    """List a blueprint's revisions.

    \b
    Example:
      stateroom blueprints revisions support-agent
    """
    with session(as_json) as s:
        answer = s.api.get(path("blueprints", blueprint, "revisions"))
        if as_json:
            s.screen.json(answer)
        else:
            rows = [
                (text(each.get("revision")), moment(each.get("created_at")))
                for each in items(answer)
            ]
            s.screen.table(("REVISION", "CREATED"), rows)


def schema(blueprint: Blueprint, as_json: Json = False) -> None:
    """Print the JSON Schema of a tenant's values: what --set takes.

    \b
    Example:
      stateroom blueprints schema support-agent
    """
    with session(as_json) as s:
        s.screen.json(s.api.get(path("blueprints", blueprint, "schema")))


def _what_it_lacks(s: Session, document: Document) -> Iterator[str]:
    """What a deployment of it would fail for: images that are not on this machine. It is saved
    already, so nobody is kept from it, and nothing is said while the steward is away."""
    where = path("blueprints", document.name(), "plan")
    try:
        s.api.send_document("POST", where, document.text, document.media_type)
    except Failure as failure:
        for problem in failure.problems:
            if problem.block:
                yield f"{problem.block}: {problem.detail} {problem.hint}".rstrip()


@contextlib.contextmanager
def _document_at_fault() -> Iterator[None]:
    """A file with problems is a failed check (1), not a command that was typed wrong (2)."""
    try:
        yield
    except Failure as failure:
        if failure.code is Code.USAGE:
            failure.code = Code.FAILED
        raise


def _change(change: Mapping[str, Any]) -> str:
    """The api's own sentence for a change; all of it where it has none."""
    return text(change.get("text")) or json.dumps(change, ensure_ascii=False)


def _print_yaml(screen: Screen, document: Any) -> None:
    import yaml

    written = yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    for line in written.splitlines():
        screen.raw(line)
