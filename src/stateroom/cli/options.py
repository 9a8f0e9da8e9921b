"""Options that several commands share: one spelling, one help text."""

from __future__ import annotations

from typing import Annotated

import typer

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The tenant's slug.")]
MaybeSlug = Annotated[
    str | None, typer.Argument(metavar="[SLUG]", help="One tenant; all when left out.")
]
Blueprint = Annotated[str, typer.Argument(metavar="BLUEPRINT", help="The blueprint's name.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable: JSON on stdout only.")]
Wait = Annotated[
    bool,
    typer.Option("--wait", help="Come back when it is done; exit code 4 when it takes longer."),
]
Timeout = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=0.0, help="How long --wait waits.")
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A value of the blueprint, typed by its schema; NAME:=JSON for raw JSON. Repeatable.",
    ),
]
Limits = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=NUMBER",
        help="cpu, memory_mb, pids, disk_mb or requests_per_minute. Repeatable.",
    ),
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on as more comes; Ctrl-C ends.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

WAIT_SECONDS = 120.0
