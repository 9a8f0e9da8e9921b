"""`stateroom tenants ...` as a user types it, against a server that stands in for the api."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.integration.cli_stub import Answer, Cli, Request, command_line, problem, tenant

SCHEMA = {
    "type": "object",
    "properties": {"model": {"type": "string"}, "budget": {"type": "number"}},
}
CREATE = ("tenants", "create", "acme", "--blueprint", "support-agent")


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    with command_line(tmp_path) as found:
        found.stub.on("GET", "/blueprints/support-agent/schema", SCHEMA)
        yield found


def test_create_sends_what_was_typed(cli: Cli, tmp_path: Path) -> None:
    """Values typed by the schema, limits as numbers, secrets from stdin and file, one call."""
    (tmp_path / "pem").write_bytes(b"-----BEGIN\nX\n")
    cli.stub.on("POST", "/tenants", Answer(202, tenant(phase="provisioning")))
    found = cli(
        *CREATE,
        *("--set", "budget=3", "--set", "model=3", "--limit", "memory_mb=2048"),
        *("--secret", "CRM=-", "--secret", f"PEM=@{tmp_path}/pem", "--name", "Acme Inc."),
        stdin="s3cret\n",
    )
    assert found.code == 0
    request = cli.stub.last("POST", "/tenants")
    assert request.json == {
        "slug": "acme",
        "blueprint": "support-agent",
        "name": "Acme Inc.",
        "values": {"budget": 3, "model": "3"},
        "limits": {"memory_mb": 2048},
        "secrets": {"CRM": "s3cret", "PEM": "-----BEGIN\nX"},
    }
    assert request.headers["idempotency-key"]
    assert "s3cret" not in found.out + found.err


@pytest.mark.parametrize("secret", ["CRM=hunter2", "hunter2", "=hunter2", "CRM=@", "CRM="])
def test_a_secret_in_the_command_line_is_refused_and_not_repeated(cli: Cli, secret: str) -> None:
    """Every user of the machine could read it there; nothing is sent."""
    found = cli(*CREATE, "--secret", secret)
    assert found.code == 2
    assert "hunter2" not in found.out + found.err
    assert not cli.stub.sent("POST", "/tenants")


@pytest.mark.parametrize(
    "options",
    [
        ("--secret", "A=-", "--secret", "B=-"),
        ("--secret", "A=-", "--secret", "A=@x"),
        ("--secret", "A=@/does/not/exist"),
        ("--secret", "A=-"),
        ("--set", "budget"),
        ("--limit", "cpu=fast"),
        ("--nonsense",),
    ],
)
def test_what_cannot_be_right_sends_nothing(cli: Cli, options: tuple[str, ...]) -> None:
    """Wrong usage is told with exit code 2 before a tenant exists."""
    found = cli(*CREATE, *options)
    assert found.code == 2
    assert found.out == ""
    assert not cli.stub.sent("POST", "/tenants")


def test_bytes_that_are_no_text_are_refused_without_being_shown(cli: Cli) -> None:
    """The decoder's own message would quote the secret."""
    found = cli(*CREATE, "--secret", "A=-", stdin=b"k\xff\xfe9")
    assert found.code == 2
    assert "xff" not in found.err


def test_every_problem_of_a_refusal_is_on_a_line_of_its_own(cli: Cli) -> None:
    """Pointer and hint included, exit code 2, nothing on stdout."""
    errors = [
        {"pointer": "/slug", "code": "bad", "detail": "Not a slug.", "hint": "Use a-z."},
        {"pointer": "/values/budget", "code": "bad", "detail": "Too low.", "hint": ""},
    ]
    cli.stub.on("POST", "/tenants", problem(422, "Not valid.", *errors))
    found = cli(*CREATE)
    assert found.code == 2
    assert found.out == ""
    assert found.err.splitlines() == [
        "Error: Not accepted: 2 problems.",
        "  /slug: Not a slug. Hint: Use a-z.",
        "  /values/budget: Too low.",
    ]


def test_a_refusal_is_json_for_programs(cli: Cli) -> None:
    """With --json the problem document is the one thing on stdout."""
    cli.stub.on("POST", "/tenants", problem(409, "The slug is taken."))
    found = cli(*CREATE, "--json")
    assert found.code == 1
    assert found.json["detail"] == "The slug is taken."


def test_a_broken_connection_creates_one_tenant(cli: Cli) -> None:
    """The call is repeated with the same Idempotency-Key, so the api can answer it once more."""
    cli.stub.on("POST", "/tenants", Answer(drop=True), Answer(202, tenant()))
    assert cli(*CREATE).code == 0
    first, second = cli.stub.sent("POST", "/tenants")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body


def test_wait_shows_every_phase_and_ends_when_ready(cli: Cli) -> None:
    """A line with the elapsed time for each change; the tenant is the result."""
    cli.stub.on("POST", "/tenants", Answer(202, tenant(phase="provisioning")))
    cli.stub.on(
        "GET",
        "/tenants/acme",
        tenant(phase="provisioning", reason="Its disk is being made."),
        tenant(phase="starting", waiting=["OpenClaw's first answer"]),
        tenant(phase="starting", waiting=["OpenClaw's first answer"]),
        tenant(phase="ready"),
    )
    found = cli(*CREATE, "--wait", "--timeout", "30")
    assert found.code == 0
    lines = found.err.splitlines()
    assert [line.split(" s  ", 1)[-1] for line in lines[:-1]] == [
        "acme: provisioning; Its disk is being made.",
        "acme: starting; waiting for OpenClaw's first answer",
    ]
    assert lines[-1].startswith("acme is ready after ")
    assert "https://acme.t.localhost:8443/" in found.out
    assert {r.query["wait"] for r in cli.stub.sent("GET", "/tenants/acme")} == {"ready"}


def test_not_ready_in_time_is_exit_code_4(cli: Cli) -> None:
    """The tenant stays, the message says how to follow it, --json still prints the tenant."""
    cli.stub.on("POST", "/tenants", Answer(202, tenant(phase="starting")))
    cli.stub.on("GET", "/tenants/acme", tenant(phase="starting", reason="Booting."))
    found = cli(*CREATE, "--wait", "--timeout", "0")
    assert found.code == 4
    assert "Booting." in found.err
    found = cli(*CREATE, "--wait", "--timeout", "0", "--json")
    assert found.code == 4
    assert found.json["status"]["phase"] == "starting"


def test_a_failed_tenant_ends_the_waiting_with_its_reason(cli: Cli) -> None:
    """Nobody waits two minutes for what cannot come by itself."""
    cli.stub.on("POST", "/tenants", Answer(202, tenant(phase="provisioning")))
    cli.stub.on("GET", "/tenants/acme", tenant(phase="failed", applied=1, reason="Its disk broke."))
    found = cli(*CREATE, "--wait", "--timeout", "60")
    assert found.code == 1
    assert "Its disk broke." in found.err
    assert "tenants logs acme" in found.err


def test_who_waits_for_somebody_is_told_what_to_do(cli: Cli) -> None:
    """A missing secret ends `--wait` at the first answer, with the command that helps."""
    cli.stub.on("POST", "/tenants", Answer(202, tenant(phase="provisioning")))
    blocked = tenant(phase="provisioning", reason="it needs the secret K: `stateroom secrets ...`")
    blocked["status"]["blocked"] = True
    cli.stub.on("GET", "/tenants/acme", blocked)
    found = cli(*CREATE, "--wait", "--timeout", "60")
    assert (found.code, len(cli.stub.sent("GET", "/tenants/acme"))) == (1, 1)
    assert "acme waits for you: provisioning; it needs the secret K" in found.err


def test_wait_after_a_change_waits_for_that_change(cli: Cli) -> None:
    """`ready` with an older generation is not the end, and neither is an older failure."""
    cli.stub.on("PATCH", "/tenants/acme", Answer(202, tenant(generation=5)))
    cli.stub.on(
        "GET",
        "/tenants/acme",
        tenant(generation=4),
        tenant(phase="failed", generation=5, applied=4),
        tenant(phase="ready", generation=5, applied=4),
        tenant(phase="ready", generation=5),
    )
    found = cli("tenants", "set", "acme", "x:=1", "--wait", "--timeout", "30", "--json")
    assert found.code == 0
    assert found.json["status"]["applied_generation"] == 5


def test_wait_after_a_change_of_a_suspended_tenant_does_not_wait_for_ready(cli: Cli) -> None:
    """It is put away, and stays so: the change is taken over without a runtime."""
    cli.stub.on("PATCH", "/tenants/acme", Answer(202, tenant(generation=5, suspended=True)))
    cli.stub.on(
        "GET",
        "/tenants/acme",
        tenant(phase="suspended", generation=5, applied=4, suspended=True),
        tenant(phase="suspended", generation=5, applied=5, suspended=True),
    )
    found = cli("tenants", "set", "acme", "x:=1", "--wait", "--timeout", "30")
    assert found.code == 0, found.err
    assert "acme is suspended after" in found.err
    assert {r.query["wait"] for r in cli.stub.sent("GET", "/tenants/acme")} == {"suspended"}


def test_an_api_that_restarts_meanwhile_does_not_end_the_waiting(cli: Cli) -> None:
    """A broken question is asked again."""
    cli.stub.on("POST", "/tenants/acme/restart", Answer(202, tenant(generation=2)))
    cli.stub.on("GET", "/tenants/acme", Answer(drop=True), tenant(generation=2))
    assert cli("tenants", "restart", "acme", "--wait", "--timeout", "30").code == 0


def test_a_sleeping_tenant_counts_as_ready(cli: Cli) -> None:
    """It wakes when it is asked."""
    cli.stub.on("POST", "/tenants/acme/wake", Answer(202, tenant()))
    cli.stub.on("GET", "/tenants/acme", tenant(phase="asleep", applied=1))
    assert cli("tenants", "wake", "acme", "--wait", "--timeout", "30").code == 0


def test_list_reads_every_page(cli: Cli) -> None:
    """More tenants than fit on a page are all shown, filtered by the api."""

    def page(request: Request) -> Answer:
        if request.query.get("cursor") == "c2":
            return Answer(200, {"items": [tenant("globex", "failed", reason="No disk.")]})
        return Answer(200, {"items": [tenant("acme")], "next": "c2"})

    cli.stub.answers["GET", "/tenants"] = page
    found = cli("tenants", "list", "--phase", "failed")
    lines = found.out.splitlines()
    assert [line.split()[0] for line in lines] == ["SLUG", "acme", "globex"]
    assert lines[2].endswith("No disk.")
    assert [r.query.get("phase") for r in cli.stub.requests] == ["failed", "failed"]
    assert [t["slug"] for t in cli("tenants", "list", "--json").json["items"]] == ["acme", "globex"]


def test_show_tells_phase_reason_and_address(cli: Cli) -> None:
    """And when a change is not applied yet, which generation is."""
    cli.stub.on(
        "GET",
        "/tenants/acme",
        tenant(phase="degraded", generation=3, applied=2, reason="It does not answer."),
    )
    out = cli("tenants", "show", "acme").out
    for part in ("degraded", "It does not answer.", "3 (applied: 2)", "model=demo-1"):
        assert part in out
    assert "services" not in out


def test_show_tells_services_and_what_counts_with_them(cli: Cli) -> None:
    """Only where there are some: elsewhere it would say the same thing twice."""
    more = {"services": ["db", "cache"], "limits_total": {"cpu": 2.5}}
    cli.stub.on("GET", "/tenants/acme", tenant(**more))
    lines = dict(line.split("  ", 1) for line in cli("tenants", "show", "acme").out.splitlines())
    assert lines["services"].strip() == "db, cache"
    assert lines["with services"].strip() == "cpu=2.5"


def test_a_hostile_name_is_shown_and_not_obeyed(cli: Cli) -> None:
    """A tenant's text can neither command the terminal nor add a line nor change the colours."""
    cli.stub.on("GET", "/tenants/acme", tenant(name="\x1b]0;pwned\x07\n[red]slug  x"))
    out = cli("tenants", "show", "acme").out
    assert "\x1b" not in out
    assert "\\x1b]0;pwned\\x07\\n[red]slug  x" in out


@pytest.mark.parametrize("verb", ["show", "restart", "open", "token", "logs"])
def test_a_tenant_that_is_not_there_is_exit_code_3(cli: Cli, verb: str) -> None:
    """The api's sentence is shown."""
    found = cli("tenants", verb, "nobody")
    assert found.code == 3
    assert "There is no /tenants/nobody" in found.err


def test_set_sends_a_merge_patch(cli: Cli) -> None:
    """Values, unset ones as null, limits, name and If-Match in one call."""
    cli.stub.on("GET", "/tenants/acme", tenant(target_revision=3))
    cli.stub.on("PATCH", "/tenants/acme", Answer(202, tenant(generation=2)))
    found = cli(
        *("tenants", "set", "acme", "budget=2.5", "model=m", "--unset", "tone"),
        *("--limit", "cpu=2", "--unset-limit", "pids", "--name", "A", "--if-generation", "7"),
    )
    assert found.code == 0
    request = cli.stub.last("PATCH", "/tenants/acme")
    assert request.json == {
        "values": {"budget": 2.5, "model": "m", "tone": None},
        "limits": {"cpu": 2, "pids": None},
        "name": "A",
    }
    assert request.headers["if-match"] == '"7"'
    schema = cli.stub.last("GET", "/blueprints/support-agent/schema")
    assert schema.query == {"revision": "3"}


@pytest.mark.parametrize(
    "args", [(), ("model=a", "--unset", "model"), ("--limit", "cpu=1", "--unset-limit", "cpu")]
)
def test_a_change_that_says_nothing_or_two_things_is_wrong_usage(
    cli: Cli, args: tuple[str, ...]
) -> None:
    """Nothing is sent."""
    cli.stub.on("GET", "/tenants/acme", tenant())
    assert cli("tenants", "set", "acme", *args).code == 2
    assert not cli.stub.sent("PATCH", "/tenants/acme")


@pytest.mark.parametrize(
    ("verb", "method", "path", "body"),
    [
        (("restart",), "POST", "/restart", {}),
        (("restart", "--safe-mode"), "POST", "/restart", {"safe_mode": True}),
        (("sleep",), "POST", "/sleep", {}),
        (("wake",), "POST", "/wake", {}),
        (("suspend",), "PATCH", "", {"suspended": True}),
        (("resume",), "PATCH", "", {"suspended": False}),
    ],
)
def test_each_verb_is_one_call(
    cli: Cli, verb: tuple[str, ...], method: str, path: str, body: object
) -> None:
    """And prints the tenant that was answered, or fetched where the answer was empty."""
    cli.stub.on(method, f"/tenants/acme{path}", Answer(202))
    cli.stub.on("GET", "/tenants/acme", tenant(generation=9))
    found = cli("tenants", verb[0], "acme", *verb[1:], "--json")
    assert found.code == 0
    assert found.json["generation"] == 9
    assert cli.stub.last(method, f"/tenants/acme{path}").json == body


def test_open_prints_the_link_and_nothing_else(cli: Cli) -> None:
    """The API token of the same answer is not part of it."""
    access = {"url": "https://a/", "api_token": "tok-9", "open_url": "https://a/.stateroom/x"}
    cli.stub.on("GET", "/tenants/acme/access", access)
    found = cli("tenants", "open", "acme")
    assert found.out == "https://a/.stateroom/x\n"
    assert cli("tenants", "open", "acme", "--json").json == {
        "url": "https://a/",
        "open_url": "https://a/.stateroom/x",
    }
    assert "tok-9" not in found.out + found.err


def test_token_prints_the_token_and_can_rotate_it_first(cli: Cli) -> None:
    """For `TOKEN=$(...)`."""
    access = {"url": "u", "api_token": "tok-8", "open_url": "o"}
    cli.stub.on("GET", "/tenants/acme/access", access)
    cli.stub.on("POST", "/tenants/acme/access/rotate", access | {"api_token": "tok-9"})
    assert cli("tenants", "token", "acme").out == "tok-8\n"
    assert cli("tenants", "token", "acme", "--rotate").out == "tok-9\n"
    assert [r.method for r in cli.stub.requests] == ["GET", "POST"]


def test_delete_needs_to_be_told_what_becomes_of_the_data(cli: Cli) -> None:
    """No default and no third way."""
    cli.stub.on("GET", "/tenants/acme", tenant())
    for args in ([], ["--yes"], ["--data", "burn", "--yes"], ["--data", "burn", "--json"]):
        assert cli("tenants", "delete", "acme", *args).code == 2
    assert not cli.stub.sent("DELETE", "/tenants/acme")


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_program_that_deletes_is_not_asked(cli: Cli, more: tuple[str, ...]) -> None:
    """It named what becomes of the data, and nobody is there to answer."""
    cli.stub.on("DELETE", "/tenants/acme", Answer(202, tenant(phase="deleting")))
    cli.stub.on("GET", "/tenants/acme", tenant())
    assert cli("tenants", "delete", "acme", "--data", "keep", *more).code == 0
    assert cli.stub.last("DELETE", "/tenants/acme").query == {"data": "keep"}


def test_a_person_who_deletes_types_the_slug(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something else, and nothing was deleted."""
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("stateroom.cli.asking.sys", terminal)
    cli.stub.on("DELETE", "/tenants/acme", Answer(202, tenant(phase="deleting")))
    cli.stub.on("GET", "/tenants/acme", tenant())
    words = ("tenants", "delete", "acme", "--data", "erase")
    found = cli(*words, stdin="acne\n")
    assert found.code == 2 and "nothing was deleted" in found.err
    assert not cli.stub.sent("DELETE", "/tenants/acme")
    assert cli(*words, stdin="acme\n").code == 0


def test_delete_waits_until_the_tenant_is_gone(cli: Cli) -> None:
    """Gone is 404; a new tenant of the same slug is another one."""
    cli.stub.on("DELETE", "/tenants/acme", Answer(202, tenant(phase="deleting")))
    cli.stub.on("GET", "/tenants/acme", tenant(), tenant(phase="deleting"), problem(404, "Gone."))
    found = cli("tenants", "delete", "acme", "--data", "erase", "--yes", "--wait")
    assert found.code == 0
    assert cli.stub.last("DELETE", "/tenants/acme").query == {"data": "erase"}
    cli.stub.on("GET", "/tenants/acme", tenant(), tenant(id="tn_other"))
    assert cli("tenants", "delete", "acme", "--data", "erase", "--yes", "--wait").code == 0


def test_logs_are_printed_as_they_are_to_a_program(cli: Cli) -> None:
    """Text, or with --json a document for each line."""
    text = "2026-01-02T03:04:05Z one\n2026-01-02T03:04:06Z \x1b[31mtwo\n"
    cli.stub.on("GET", "/tenants/acme/logs", Answer(200, text, "text/plain; charset=utf-8"))
    assert cli("tenants", "logs", "acme", "--tail", "5").out == text
    assert cli.stub.last("GET", "/tenants/acme/logs").query["tail"] == "5"
    assert "service" not in cli.stub.last("GET", "/tenants/acme/logs").query
    assert cli("tenants", "logs", "acme", "--service", "db").out == text
    assert cli.stub.last("GET", "/tenants/acme/logs").query["service"] == "db"
    lines = cli("tenants", "logs", "acme", "--json").out.splitlines()
    assert json.loads(lines[0]) == {"line": "2026-01-02T03:04:05Z one"}


def test_a_line_of_the_log_ends_at_its_newline_alone(cli: Cli) -> None:
    """A tenant that writes another sign that ends lines elsewhere forges no line."""
    text = "2026-01-02T03:04:05Z one\u2028\x85\x0c9999-12-31T00:00:00Z forged\n"
    cli.stub.on("GET", "/tenants/acme/logs", Answer(200, text, "text/plain; charset=utf-8"))
    (line,) = cli("tenants", "logs", "acme", "--json").out.strip().split("\n")
    assert json.loads(line) == {"line": text.removesuffix("\n")}


def test_events_once_are_a_list(cli: Cli) -> None:
    """One line each; of all tenants where none is named."""
    event = {
        "tenant_id": "tn_1",
        "id": 3,
        "at": 1767323045,
        "kind": "tenant",
        "data": {"slug": "acme", "phase": "ready"},
    }
    cli.stub.on("GET", "/tenants/acme/events", {"items": [event]})
    cli.stub.on("GET", "/events", {"items": [event, event]})
    assert cli("tenants", "events", "acme").out == (
        "2026-01-02 03:04:05Z  tenant  tn_1  slug=acme  phase=ready\n"
    )
    lines = cli("tenants", "events", "--json").out.splitlines()
    assert [json.loads(line) for line in lines] == [event, event]
