"""Asking before something is gone for good."""

from __future__ import annotations

import sys

import typer

from stateroom.cli.failure import usage


def confirm(what: str, name: str, yes: bool, as_json: bool) -> None:
    """Comes back when `name` was typed, or `--yes` given. Raises Failure (usage) otherwise, and
    where nobody can be asked: a script must have said what it wants."""
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise usage(f"{what} Say --yes where nobody can be asked.")
    if typer.prompt(f"{what} Type {name} to go on", err=True) != name:
        raise usage(f"That is not {name}: nothing was deleted.")


def confirm_with_a_person(what: str, name: str, yes: bool, as_json: bool) -> None:
    """The same where a person sits there. A program goes on: it has to name what is to become of
    the data anyway, so it has said what it wants."""
    if not as_json and sys.stdin.isatty():
        confirm(what, name, yes, as_json)
