"""Blueprint files: read here, understood by the API. Text goes out as it was written, so that
there is one reader of YAML and one set of rules, whoever sends a blueprint."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stateroom.cli.failure import Failure, usage
from stateroom.errors import Problem

LARGEST = 1_000_000
"""Bytes. A blueprint is some kilobytes: what is larger is another file, given by mistake."""


@dataclass(frozen=True, slots=True)
class Document:
    """file: as it was named, for messages."""

    file: str
    text: str

    @property
    def media_type(self) -> str:
        is_json = self.file.endswith(".json") or self.text.lstrip().startswith("{")
        return "application/json" if is_json else "application/yaml"

    def name(self) -> str:
        """The blueprint's own name. Raises Failure with the place where it cannot be read."""
        found = self._parsed()
        name = found.get("name") if isinstance(found, dict) else None
        if not isinstance(name, str) or not name:
            problem = Problem("/name", "missing", "It has no name.", "Begin with `name: ...`.")
            raise Failure(f"{self.file} is not a blueprint.", problems=[problem])
        return name

    def _parsed(self) -> Any:
        import yaml

        try:
            return yaml.safe_load(self.text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
            what = getattr(error, "problem", None) or "it cannot be read"
            problem = Problem("", "syntax", f"Not YAML or JSON{where}: {what}.")
            raise Failure(f"{self.file} is not a blueprint.", problems=[problem]) from None


def read_document(file: str) -> Document:
    """A file, or `-` for stdin. Raises Failure (usage) for what is no readable text."""
    try:
        raw = sys.stdin.buffer.read(LARGEST + 1) if file == "-" else _read(Path(file))
    except OSError as error:
        raise usage(f"{file} cannot be read: {error.strerror}.") from error
    if len(raw) > LARGEST:
        raise usage(f"{file} is larger than a blueprint can be ({LARGEST} bytes).")
    try:
        return Document("stdin" if file == "-" else file, raw.decode())
    except UnicodeDecodeError:
        raise usage(f"{file} is not text in UTF-8.") from None


def _read(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(LARGEST + 1)
