"""The program `stateroom`: its groups of verbs, and nothing else.

A file a group; each has `register(app)`. Only `up`, `down` and `doctor` reach further than the
API. Help is plain text on purpose: an example can be copied whole, and it starts fast.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from stateroom.cli import (
    blueprints,
    console,
    doctor,
    down,
    images,
    plan,
    providers,
    secrets,
    status,
    tenants,
    up,
    verify,
    volumes,
    webhook,
)

GROUPS = (
    *(up, down, status, doctor, console),
    *(tenants, blueprints, secrets, providers, volumes, webhook),
    *(plan, verify, images),
)


def build() -> typer.Typer:
    app = typer.Typer(
        name="stateroom",
        no_args_is_help=True,
        rich_markup_mode=None,
        # A traceback with the values of variables would show keys.
        pretty_exceptions_enable=False,
        help=_HELP,
    )
    app.callback()(_options)
    for group in GROUPS:
        group.register(app)
    return app


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not end the command.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    build()()


_HELP = """A private cabin for every customer's AI agent.

\b
First steps:
  stateroom status
  stateroom tenants create acme --blueprint support-agent --wait
  stateroom tenants open acme
\b
Environment:
  STATEROOM_URL   the API's address (default: this machine, http://127.0.0.1:8070)
  STATEROOM_KEY   the key (default: the content of $STATEROOM_HOME/admin.key)
  STATEROOM_HOME  where Stateroom lives (default: /var/lib/stateroom as root)
\b
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not ready in time.
"""


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"stateroom {version('stateroom')}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Options of the program itself."""
