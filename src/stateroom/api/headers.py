"""Which calls read which request headers, for the OpenAPI document.

The calls read them by hand: as parameters of the framework a wrong one would be refused in its
words, and not in ours.
"""

from __future__ import annotations

from typing import Any

IF_MATCH = (
    "If-Match",
    "Only while the generation (tenant) or newest revision (blueprint) is this one, else 412.",
)
ONCE = (
    "Idempotency-Key",
    "The same key and body are answered the same for 24 hours, and are carried out once.",
)
LAST_EVENT = ("Last-Event-ID", "Goes on behind the event with this id.")

_TENANT = "/api/v1/tenants/{slug}"

READ: dict[tuple[str, str], tuple[str, str]] = {
    ("post", "/api/v1/tenants"): ONCE,
    ("patch", _TENANT): IF_MATCH,
    ("delete", _TENANT): IF_MATCH,
    ("post", f"{_TENANT}/restart"): IF_MATCH,
    ("post", f"{_TENANT}/access/rotate"): IF_MATCH,
    ("put", f"{_TENANT}/secrets/{{name}}"): IF_MATCH,
    ("delete", f"{_TENANT}/secrets/{{name}}"): IF_MATCH,
    ("put", "/api/v1/blueprints/{name}"): IF_MATCH,
    ("get", f"{_TENANT}/logs"): LAST_EVENT,
    ("get", f"{_TENANT}/events"): LAST_EVENT,
    ("get", "/api/v1/events"): LAST_EVENT,
}
"""(method, path) -> (name, description)."""


def add_headers(paths: dict[str, Any]) -> None:
    """Adds them to the paths of a document. Raises KeyError for a call that is no more."""
    for (method, path), (name, description) in READ.items():
        paths[path][method].setdefault("parameters", []).append(
            {
                "name": name,
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": description,
            }
        )
