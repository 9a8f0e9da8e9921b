"""/templates: blueprints to start from, which come with the package.

A template is a blueprint's document; the comment that it begins with is its title, on the first
line, and what it is for.
"""

from __future__ import annotations

from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from stateroom.api.answers_console import TemplatesOut
from stateroom.api.keys import Operator

router = APIRouter(tags=["blueprints"])

FOLDER = Path(__file__).parents[1] / "templates"


@router.get("/templates", response_model=TemplatesOut)
async def list_templates(_caller: Operator) -> Any:
    """Blueprints to start from, the simplest first."""
    return {"items": templates()}


@cache
def templates() -> tuple[dict[str, Any], ...]:
    """Read once: they are part of the package."""
    found = [read_template(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))]
    return tuple(sorted(found, key=lambda entry: len(entry["document"]["blocks"])))


def read_template(text: str) -> dict[str, Any]:
    from stateroom.api.yaml_documents import read_yaml

    comment = [
        line.removeprefix("#").strip()
        for line in takewhile(lambda line: line.startswith("#"), text.splitlines())
    ]
    document = read_yaml(text.encode())
    layout = document.pop("layout", {})
    return {
        "name": document["name"],
        "title": comment[0].rstrip("."),
        "description": " ".join(comment[1:]),
        "document": document,
        "layout": layout,
    }
