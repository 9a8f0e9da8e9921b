"""`stateroom console` and `stateroom webhook`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli_stub import Answer, Cli, command_line, problem

LINK = {"url": "https://console.localhost:8443/sign-in#abc", "code": "abc", "expires_at": "x"}
HOOK: dict[str, Any] = {
    "url": "https://example.com/hook", "events": ["tenant.ready"], "has_secret": True,
    "waiting": 2, "dead": 0,
    "last": {"at": "2026-01-02T03:04:05Z", "status": 500, "detail": "It answered 500."},
}  # fmt: skip


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    with command_line(tmp_path) as found:
        yield found


def test_console_prints_the_link_alone(cli: Cli) -> None:
    """On stdout, so that it can be handed to a browser; what to know of it goes to stderr."""
    cli.stub.on("POST", "/session-links", Answer(201, LINK))
    found = cli("console")
    assert (found.code, found.out) == (0, f"{LINK['url']}\n")
    assert "once" in found.err
    assert cli("console", "--json").json == LINK


def test_webhook_set_sends_both_events_unless_told(cli: Cli) -> None:
    """And prints the secret when there is a new one."""
    cli.stub.on("PUT", "/webhook", {**HOOK, "secret": "whsec_abc"}, HOOK)
    found = cli("webhook", "set", "https://example.com/hook")
    assert json.loads(cli.stub.last("PUT", "/webhook").body) == {
        "url": "https://example.com/hook", "events": ["tenant.ready", "tenant.failed"],
        "rotate": False,
    }  # fmt: skip
    assert "whsec_abc" in found.out
    found = cli("webhook", "set", HOOK["url"], "--event", "tenant.failed", "--rotate")
    sent = json.loads(cli.stub.last("PUT", "/webhook").body)
    assert (sent["events"], sent["rotate"]) == (["tenant.failed"], True)
    assert "secret" not in found.out


def test_webhook_show_says_what_waits(cli: Cli) -> None:
    """The last result in words, and how to make one where there is none."""
    cli.stub.on("GET", "/webhook", HOOK, HOOK, Answer(200, "null"))
    found = cli("webhook", "show")
    assert "It answered 500." in found.out
    assert "waiting  2" in found.out
    assert "dead" not in found.out
    assert cli("webhook", "show", "--json").json == HOOK
    assert "webhook set" in cli("webhook", "show").out


def test_webhook_test_and_delete(cli: Cli) -> None:
    """Each is one call; deleting asks first; what the api refuses ends with its code."""
    cli.stub.on("POST", "/webhook/test", Answer(202, None))
    assert "webhook show" in cli("webhook", "test").out
    cli.stub.on("DELETE", "/webhook", Answer(204, None))
    assert cli("webhook", "delete").code == 2
    assert cli.stub.sent("DELETE", "/webhook") == []
    assert cli("webhook", "delete", "--yes").code == 0
    cli.stub.on("DELETE", "/webhook", problem(404, "There is no webhook."))
    assert cli("webhook", "delete", "--yes").code == 3
