"""The OpenAPI document: made from the application, kept as a file beside it, served from there.

Making it takes fifteen megabytes that a running api would never give back, and the console's
client is generated from the file. A test says when it is out of date:

    python -m stateroom.api.openapi > src/stateroom/api/openapi.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from stateroom.api.answers import ProblemDocument
from stateroom.api.browsers import COOKIE
from stateroom.api.errors import MEDIA_TYPE
from stateroom.api.headers import add_headers

FILE = Path(__file__).with_name("openapi.json")

_PROBLEM = (
    "Every error: 401 no valid key, 403 this key may not, 404 no such thing, 408 the body came too"
    " slowly, 409 taken or changed meanwhile, 412 If-Match moved on, 413 too large, 415 wrong"
    " Content-Type, 422 not valid (every problem in errors[]), 429 too many attempts or requests at"
    " once (Retry-After), 501 comes later, 503 a part is away or there is too much at once"
    " (Retry-After), 507 no capacity."
)


def render(app: FastAPI) -> str:
    """The document as the file has it."""
    return json.dumps(document(app), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def document(app: FastAPI) -> dict[str, Any]:
    """What the framework makes, with our one form of error in place of its own."""
    made = app.openapi()
    schemas = made["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs")
    schemas["ProblemDocument"] = problem
    made["components"]["responses"] = {
        "Problem": {
            "description": _PROBLEM,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
    }
    made["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    }
    made["security"] = [{"key": []}, {"session": []}]
    add_headers(made["paths"])
    for path, calls in made["paths"].items():
        for call in calls.values():
            schemas |= _definitions(call)
            call["responses"].pop("422", None)
            call["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
            if path.endswith("/health"):
                call["security"] = []
    made["paths"]["/api/v1/session"]["post"]["security"] = []
    return made


def _definitions(call: dict[str, Any]) -> dict[str, Any]:
    """Takes out the schemas that a body's own schema refers to."""
    found: dict[str, Any] = {}
    for media in call.get("requestBody", {}).get("content", {}).values():
        found |= media["schema"].pop("$defs", {})
    return found


if __name__ == "__main__":
    from stateroom.api.app import api_application

    sys.stdout.write(render(api_application()))
