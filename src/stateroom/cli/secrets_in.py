"""How a secret comes in: on stdin or from a file, never in the command line, which every user of
the machine can read in the list of processes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import typer

from stateroom.cli.failure import usage


def secrets(pairs: Iterable[str]) -> dict[str, str]:
    """`NAME=-` (stdin, at most one of them) and `NAME=@FILE`. Raises Failure (usage)."""
    sources: dict[str, str] = {}
    for pair in pairs:
        name, equals, source = pair.partition("=")
        if not equals or not name:
            # The pair is not repeated in the message: it may be the secret itself.
            raise usage("--secret takes NAME=- (the value comes on stdin) or NAME=@FILE.")
        if name in sources:
            raise usage(f"--secret {name} is given twice: leave one.")
        if source != "-" and not (source.startswith("@") and len(source) > 1):
            raise usage(
                f"--secret {name}: a value in the command line is visible to every user of this "
                f"machine. Use {name}=- and stdin, or {name}=@FILE; and consider that value known."
            )
        sources[name] = source
    if list(sources.values()).count("-") > 1:
        raise usage("Only one --secret can come on stdin; use NAME=@FILE for the others.")
    return {name: _read(name, source) for name, source in sources.items()}


def from_stdin(what: str) -> str:
    """Asks without an echo on a terminal, else reads stdin to its end. One newline at the end is
    taken off: `echo` adds it. Raises Failure (usage) when nothing came."""
    if sys.stdin.isatty():
        value = str(typer.prompt(what, hide_input=True, err=True, default="", show_default=False))
    else:
        value = _text(sys.stdin.buffer.read(), what)
    if not value:
        raise usage(f"{what}: nothing came on stdin.")
    return value


def _read(name: str, source: str) -> str:
    if source == "-":
        return from_stdin(name)
    try:
        value = _text(Path(source[1:]).read_bytes(), name)
    except OSError as error:
        raise usage(f"--secret {name}: {source[1:]} cannot be read ({error.strerror}).") from error
    if not value:
        raise usage(f"--secret {name}: {source[1:]} is empty.")
    return value


def _text(raw: bytes, what: str) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        # Without the cause: its message would show bytes of the secret.
        raise usage(f"{what}: a secret is text in UTF-8; encode other bytes first.") from None
    return text.removesuffix("\n").removesuffix("\r")
