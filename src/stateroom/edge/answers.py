"""The edge's own answers: problem+json, as `http-request return` and `http-error` rules.

The text of an answer stands in single quotes in HAProxy's configuration, where nothing is
special but the quote itself; `problem` refuses one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

JSON = "application/problem+json"

Header = tuple[str, str]
NO_STORE: Header = ("Cache-Control", "no-store")
RETRY: Header = ("Retry-After", "2")
_PAGE_POLICY: Header = (
    "Content-Security-Policy",
    ("\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
     "frame-ancestors 'self'\""),
)
"""Our pages are words and their look: nothing runs in them, and no other site frames them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that the edge gives by itself. detail says what to do about it. headers: values
    follow HAProxy's log format, so that they may name variables."""

    status: int
    title: str
    detail: str
    headers: tuple[Header, ...] = ()

    def rule(self, condition: str) -> str:
        """`http-request` rule that gives this answer if `condition` (without the "if")."""
        return (f"http-request return status {self.status} content-type {JSON} "
                f"string {problem(self)} {_headers(self.headers)} if {condition}")

    def error(self) -> str:
        """The same answer in place of HAProxy's own error of this status."""
        return (f"http-error status {self.status} content-type {JSON} "
                f"string {problem(self)} {_headers(self.headers)}")


def page(status: int, file: str, headers: tuple[Header, ...]) -> str:
    """An HTML page in place of HAProxy's own error of this status."""
    return (f"http-error status {status} content-type 'text/html; charset=utf-8' "
            f"file {file} {_headers((_PAGE_POLICY, *headers))}")


def problem(answer: Answer) -> str:
    """The body, quoted for the configuration."""
    body = json.dumps({"type": "about:blank", "title": answer.title, "status": answer.status,
                       "detail": answer.detail})
    if "'" in body:
        raise ValueError(f"An apostrophe cannot stand in an answer of the edge: {body}")
    return f"'{body}'"


def _headers(headers: tuple[Header, ...]) -> str:
    return " ".join(f"hdr {name} {value}" for name, value in (NO_STORE, *headers))
