"""`stateroom blueprints | secrets | providers | volumes | plan | status | verify`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stateroom.edge.certificates import LEAF_DAYS, issue, make_authority
from tests.integration.cli_stub import (
    Answer,
    Cli,
    Stub,
    command_line,
    problem,
    serving,
    tenant,
)

DOCUMENT = 'name: support-agent\nblocks:\n  - {id: door, kind: url, options: {access: "off"}}\n'


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    with command_line(tmp_path) as found:
        yield found


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "b.yaml"
    path.write_text(DOCUMENT)
    return str(path)


def deployment(state: str, **tenants: str) -> dict[str, Any]:
    rows = [{"slug": slug, "state": each, "reason": ""} for slug, each in tenants.items()]
    return {"id": "dp_1", "blueprint": "support-agent", "revision": 2, "canary": None,
            "state": state, "tenants": rows}  # fmt: skip


def test_apply_sends_the_document_as_it_was_written(cli: Cli, file: str) -> None:
    """Comments, quotes and all: the api is the one reader of blueprints."""
    cli.stub.on("PUT", "/blueprints/support-agent", {"revision": 2, "created": True})
    found = cli("blueprints", "apply", file)
    assert found.code == 0
    assert found.out == "support-agent: revision 2 is new.\n"
    request = cli.stub.last("PUT", "/blueprints/support-agent")
    assert (request.body, request.headers["content-type"]) == (DOCUMENT, "application/yaml")


def test_apply_tells_what_a_deployment_would_lack(cli: Cli, file: str) -> None:
    """It is saved all the same; what the document itself is not at fault for is a note. A steward
    that is away says nothing of it, and nobody is kept waiting."""
    cli.stub.on("PUT", "/blueprints/support-agent", {"revision": 2, "created": True})
    raw = {"pointer": "/blocks/0", "code": "no_image", "detail": "It is not here.",
           "hint": "Build it.", "block": "db"}  # fmt: skip
    cli.stub.on("POST", "/blueprints/support-agent/plan", problem(422, "No.", raw))
    found = cli("blueprints", "apply", file)
    assert (found.code, found.out) == (0, "support-agent: revision 2 is new.\n")
    assert "db: It is not here. Build it." in found.err
    assert cli.stub.last("POST", "/blueprints/support-agent/plan").body == DOCUMENT
    cli.stub.on("POST", "/blueprints/support-agent/plan", problem(503, "The steward is away."))
    found = cli("blueprints", "apply", file)
    assert found.code == 0 and "away" not in found.err


def test_json_is_sent_as_json_from_a_file_or_stdin(cli: Cli, tmp_path: Path) -> None:
    """By the ending, or by how it begins."""
    cli.stub.on("PUT", "/blueprints/x", {"revision": 1})
    (tmp_path / "b.json").write_text('{"name": "x"}')
    assert cli("blueprints", "apply", str(tmp_path / "b.json")).code == 0
    assert cli("blueprints", "apply", "-", stdin='\n {"name": "x"}').code == 0
    types = [r.headers["content-type"] for r in cli.stub.sent("PUT", "/blueprints/x")]
    assert types == ["application/json", "application/json"]


def test_a_bad_blueprint_is_a_failed_check_with_every_problem(cli: Cli, file: str) -> None:
    """Exit code 1 for check and apply alike; block and hint are shown."""
    raw = {"pointer": "/blocks/0", "code": "x", "detail": "Bad.", "hint": "Mend.", "block": "door"}
    cli.stub.on("POST", "/blueprints/check", {"ok": False, "problems": [raw]})
    cli.stub.on("PUT", "/blueprints/support-agent", problem(422, "Not valid.", raw))
    for verb in ("check", "apply"):
        found = cli("blueprints", verb, file)
        assert found.code == 1
        assert "  /blocks/0 (block door): Bad. Hint: Mend.\n" in found.err
        assert found.out == ""
    assert cli("blueprints", "check", file, "--json").json["problems"] == [raw]


def test_a_good_blueprint_is_said_to_be_good(cli: Cli, file: str) -> None:
    """Exit code 0, from stdin too."""
    cli.stub.on("POST", "/blueprints/check", {"ok": True, "problems": []})
    assert cli("blueprints", "check", file).code == 0
    assert cli("blueprints", "check", "-", "--json", stdin=DOCUMENT).json["ok"] is True


def test_what_is_worth_knowing_of_a_good_blueprint_is_noted(cli: Cli, file: str) -> None:
    """It stays good; each notice names its block."""
    raw = {"pointer": "/blocks/4/options/x", "code": "without_effect", "detail": "It does nothing.",
           "hint": "Leave it out.", "block": "db"}  # fmt: skip
    cli.stub.on("POST", "/blueprints/check", {"ok": True, "problems": [], "notices": [raw]})
    found = cli("blueprints", "check", file)
    assert (found.code, found.out) == (0, f"{file} is a good blueprint.\n")
    assert "db: It does nothing. Leave it out." in found.err


@pytest.mark.parametrize("text", ["", "name: [", "- a", "name: 3", "a: &x [*x", "\x00"])
def test_what_is_no_blueprint_is_refused_with_the_place(cli: Cli, text: str) -> None:
    """apply has no name to send it to; nothing is sent, no stack trace."""
    found = cli("blueprints", "apply", "-", stdin=text)
    assert found.code == 1
    assert "is not a blueprint" in found.err
    assert not cli.stub.requests


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"#" * 1_000_001, None])
def test_a_file_that_cannot_be_one_is_wrong_usage(
    cli: Cli, tmp_path: Path, content: bytes | None
) -> None:
    """No text, too large, not there."""
    path = tmp_path / "odd.yaml"
    if content is not None:
        path.write_bytes(content)
    assert cli("blueprints", "check", str(path)).code == 2
    assert cli("blueprints", "check", str(tmp_path)).code == 2
    assert not cli.stub.requests


def test_show_prints_what_apply_takes(cli: Cli) -> None:
    """The document alone, as YAML that means the same, also of an old revision."""
    document = yaml.safe_load(DOCUMENT)
    cli.stub.on("GET", "/blueprints/support-agent", {"revision": 2, "document": document})
    cli.stub.on("GET", "/blueprints/support-agent/revisions/1", {"document": document})
    for args in ((), ("--revision", "1")):
        assert yaml.safe_load(cli("blueprints", "show", "support-agent", *args).out) == document


def test_lists_and_differences(cli: Cli) -> None:
    """Revisions, blueprints, the schema and a diff, each by its own call."""
    cli.stub.on(
        "GET",
        "/blueprints",
        {"items": [{"name": "support-agent", "revision": 2, "deployed_revision": 1}]},
    )
    cli.stub.on("GET", "/blueprints/support-agent/revisions", {"items": [{"revision": 2}]})
    cli.stub.on("GET", "/blueprints/support-agent/schema", {"type": "object"})
    cli.stub.on(
        "GET",
        "/blueprints/support-agent/diff",
        {"changes": [{"kind": "changed", "text": "agent.cpu: 1 -> 2"}]},
    )
    assert cli("blueprints", "list").out.splitlines()[1].split() == ["support-agent", "2", "1"]
    assert cli("blueprints", "revisions", "support-agent").out.splitlines()[1] == "2"
    assert cli("blueprints", "schema", "support-agent").json == {"type": "object"}
    assert cli("blueprints", "diff", "support-agent", "1", "2").out == "agent.cpu: 1 -> 2\n"
    assert cli.stub.last("GET", "/blueprints/support-agent/diff").query == {"from": "1", "to": "2"}


def test_deploy_waits_and_tells_how_it_went(cli: Cli) -> None:
    """Done is 0, anything else 1 with the reason, too late 4."""
    where = "/blueprints/support-agent/deploy"
    cli.stub.on("POST", where, Answer(202, deployment("running", acme="waiting")))
    cli.stub.on("GET", "/deployments/dp_1", deployment("done", acme="done"))
    args = ("blueprints", "deploy", "support-agent", "--revision", "2", "--tenant", "acme")
    assert cli(*args, "--wait", "--json").json["state"] == "done"
    assert cli.stub.last("POST", where).json == {"revision": 2, "tenants": ["acme"]}
    failed = deployment("rolled_back", acme="failed")
    failed["tenants"][0]["reason"] = "It did not become ready."
    cli.stub.on("GET", "/deployments/dp_1", failed)
    found = cli(*args, "--wait")
    assert (found.code, "acme: It did not become ready." in found.err) == (1, True)
    assert cli(*args, "--wait", "--timeout", "0").code == 4
    assert cli(*args, "--canary", "10%").code == 0
    assert cli.stub.last("POST", where).json["canary"] == "10%"


def test_deploy_tells_each_step_and_why_it_went_back(cli: Cli) -> None:
    """Steps as they are reached, that it is being put back, the log lines that matter made safe
    for a terminal, and where what was written meanwhile is kept; exit code 1."""
    where = "/blueprints/support-agent/deploy"
    going = deployment("running", acme="running", globex="pending")
    going |= {"stage": "canary", "finished_at": None}
    steps = {"built": True, "started": True, "healthy": False, "routed": False}
    started = {**going, "tenants": [{**going["tenants"][0], "steps": steps}, going["tenants"][1]]}
    back = {**deployment("failed", acme="failed", globex="pending"), "finished_at": None}
    over = {
        **deployment("rolled_back", acme="rolled_back", globex="pending"),
        "finished_at": "2026-01-02T03:04:05Z",
        "reason": "acme: its runtime ended 3 times in a row",
        "log": ["\x1b[2Jit cannot start"],
    }
    over["tenants"][0]["note"] = "What was written is kept as volume c1."
    cli.stub.on("POST", where, Answer(202, going))
    cli.stub.on("GET", "/deployments/dp_1", started, back, over)
    found = cli("blueprints", "deploy", "support-agent", "--canary", "1", "--wait")
    assert found.code == 1
    for told in (
        "running, canary first (1 pending, 1 running)",
        "acme: started",
        "failed, putting back (1 failed, 1 pending)",
        "its runtime ended 3 times in a row",
        "\\x1b[2Jit cannot start",
        "kept as volume c1",
    ):
        assert told in found.err, told
    cli.stub.on("GET", "/deployments/dp_1", over)
    assert cli("blueprints", "deploy", "support-agent", "--wait", "--json").json == over


def test_deployments_are_listed_and_stopped(cli: Cli) -> None:
    """As the API has them; stopping tells how far it is, and what is over cannot be stopped."""
    over = {**deployment("done", acme="done"), "created_at": "2026-01-02T03:04:05Z"}
    cli.stub.on("GET", "/deployments", {"items": [over]})
    (_, row) = cli("blueprints", "deployments", "support-agent").out.splitlines()
    assert row.split()[:3] == ["dp_1", "support-agent@2", "done"]
    assert cli.stub.last("GET", "/deployments").query == {"blueprint": "support-agent"}
    going = {**deployment("running", acme="done"), "stopping": True}
    cli.stub.on("POST", "/deployments/dp_1/stop", Answer(202, going))
    assert cli("blueprints", "stop", "dp_1", "--json").json == going
    cli.stub.on("POST", "/deployments/dp_1/stop", problem(409, "this deployment is over"))
    assert cli("blueprints", "stop", "dp_1").code == 1
    assert cli("blueprints", "stop", "dp_2").code == 3


def test_a_secret_goes_from_stdin_to_the_api_and_nowhere_else(cli: Cli) -> None:
    """Without the newline that echo adds, and not onto the screen."""
    cli.stub.on("PUT", "/tenants/acme/secrets/CRM", Answer(204))
    found = cli("secrets", "set", "acme", "CRM", stdin="hunter2\n")
    assert found.code == 0
    assert cli.stub.last("PUT", "/tenants/acme/secrets/CRM").json == {"value": "hunter2"}
    assert "hunter2" not in found.out + found.err
    assert cli("secrets", "set", "acme", "CRM", "hunter2").code == 2
    assert cli("secrets", "set", "acme", "CRM", stdin="\n").code == 2


def test_secrets_are_listed_by_name_and_removed(cli: Cli) -> None:
    """Names and times; removing one that is not there is not found."""
    rows = {"items": [{"name": "CRM", "kind": "env", "updated_at": "2026-01-02T03:04:05Z"}]}
    cli.stub.on("GET", "/tenants/acme/secrets", rows)
    cli.stub.on("DELETE", "/tenants/acme/secrets/CRM", Answer(204))
    assert cli("secrets", "list", "acme").out.splitlines()[1].split()[:2] == ["CRM", "env"]
    assert cli("secrets", "unset", "acme", "CRM", "--json").json["name"] == "CRM"
    assert cli("secrets", "unset", "acme", "OTHER").code == 3


def test_a_providers_key_comes_on_stdin(cli: Cli) -> None:
    """demo needs none, --no-key sends none, and an empty stdin is wrong usage."""
    cli.stub.on("PUT", "/providers/oai", {"name": "oai"})
    base = ("providers", "set", "oai", "--kind", "openai", "--base-url", "https://m.example/v1")
    assert cli(*base, "--price", "m:1=0.5,2", stdin="sk-1\n").code == 0
    assert cli.stub.last("PUT", "/providers/oai").json == {
        "kind": "openai",
        "base_url": "https://m.example/v1",
        "key": "sk-1",
        "prices": {"m:1": {"input": 0.5, "output": 2.0}},
    }
    assert cli(*base, "--no-key").code == 0
    assert "key" not in cli.stub.last("PUT", "/providers/oai").json
    assert cli(*base).code == 2
    for price in ("m=1", "m=1,-2", "=1,2", "m=1,x", "m=nan,1"):
        assert cli(*base, "--no-key", "--price", price).code == 2


def test_providers_are_listed_and_deleted(cli: Cli) -> None:
    """Deleting asks, and refuses where nobody can answer."""
    cli.stub.on(
        "GET", "/providers", {"items": [{"name": "demo", "kind": "demo", "has_key": False}]}
    )
    cli.stub.on("DELETE", "/providers/demo", Answer(204))
    assert cli("providers", "list").out.splitlines()[1].split() == ["demo", "demo", "no"]
    assert cli("providers", "delete", "demo").code == 2
    assert not cli.stub.sent("DELETE", "/providers/demo")
    assert cli("providers", "delete", "demo", "--yes").code == 0


def test_kept_disks_are_listed(cli: Cli) -> None:
    """With whose they were and since when."""
    row = {"id": "vl_1", "tenant_id": "tn_1", "slug": "acme", "size_mb": 2048, "used_mb": None,
           "kept_since": "2026-01-02T03:04:05Z"}  # fmt: skip
    cli.stub.on("GET", "/volumes", {"items": [row]})
    assert cli("volumes", "list").out.splitlines()[1].split()[:4] == [
        "vl_1", "acme", "tn_1", "?/2048",
    ]  # fmt: skip


def test_erasing_a_kept_disk_is_asked_for(cli: Cli) -> None:
    """Nothing is erased where nobody can answer."""
    cli.stub.on("DELETE", "/volumes/vl_1", Answer(202))
    assert cli("volumes", "delete", "vl_1").code == 2
    assert not cli.stub.requests
    assert cli("volumes", "delete", "vl_1", "--yes").code == 0
    assert cli("volumes", "delete", "vl_2", "--yes").code == 3


def test_plan_is_text_for_people_and_json_for_programs(cli: Cli) -> None:
    """Asked for by Accept; a slug that is not there is not an empty plan."""
    cli.stub.answers["GET", "/plan"] = lambda request: (
        Answer(200, "acme\n  start st3f-1\n", "text/plain")
        if request.headers["accept"] == "text/plain"
        else Answer(200, {"actions": []})
    )
    cli.stub.on("GET", "/tenants/acme", tenant())
    assert cli("plan").out == "acme\n  start st3f-1\n"
    assert cli("plan", "acme", "--json").json == {"actions": []}
    assert cli.stub.last("GET", "/plan").query == {"tenant": "acme"}
    assert cli("plan", "nobody").code == 3


def test_status_counts_tenants_and_names_those_in_trouble(cli: Cli) -> None:
    """Whatever the installation says of itself is shown, leaf by leaf."""
    answer = {
        "version": "0.1.0",
        "tenants": {"total": 2, "phases": {"ready": 1, "failed": 1, "asleep": 0}},
        "steward": {"firewall": True},
    }
    cli.stub.on("GET", "/status", answer)
    cli.stub.answers["GET", "/tenants"] = lambda request: Answer(
        200,
        {"items": [tenant("globex", "failed", reason="Sad.")]}
        if request.query["phase"] == "failed"
        else {"items": []},
    )
    out = cli("status").out
    assert "steward.firewall  true" in out
    assert "2 (1 failed, 1 ready)" in out
    assert "Sad." in out
    assert cli("status", "--json").json == answer
    cli.stub.on("GET", "/status", answer | {"steward": None})
    assert "The steward is away" in cli("status").err


def test_status_tells_what_somebody_should_see_to(cli: Cli) -> None:
    """The api's notices, each a sentence with what to do, beside the result and not in it."""
    notice = {"pointer": "/webhook", "code": "x", "detail": "It waits.", "hint": "Repair it."}
    told = {"version": "0.1.0", "tenants": {}, "steward": {}, "notices": [notice]}
    cli.stub.on("GET", "/status", told)
    cli.stub.on("GET", "/tenants", {"items": []})
    found = cli("status")
    assert "It waits. Repair it." in found.err
    assert "notices" not in found.out


def test_status_names_who_waits_for_somebody(cli: Cli) -> None:
    """A tenant that never started for want of a secret is no trouble of a runtime, and is shown."""
    cli.stub.on("GET", "/status", {"version": "0.1.0", "tenants": {}, "steward": {}})
    waits = tenant("acme", "provisioning", reason="it needs the secret K")
    waits["status"]["blocked"] = True
    begins = tenant("globex", "provisioning", reason="its cabin is being made")
    cli.stub.answers["GET", "/tenants"] = lambda request: Answer(
        200, {"items": [waits, begins] if request.query["phase"] == "provisioning" else []}
    )
    out = cli("status").out
    assert "it needs the secret K" in out and "globex" not in out


def test_status_tells_in_time_that_the_certificate_ends(cli: Cli, tmp_path: Path) -> None:
    """As the edge of this machine serves it, and what renews it; a good one is not mentioned."""
    cli.stub.on("GET", "/tenants", {"items": []})
    names = ("*.t.localhost", "console.localhost")
    now = time.time()
    authority = make_authority("Stateroom 3f", ("t.localhost", "console.localhost"), now)
    for days, told in ((20.5, "ends in 20 days"), (300.0, "")):
        key, chain = issue(authority, names, now - (LEAF_DAYS - days) * 86_400)
        (tmp_path / "pair.pem").write_bytes(chain + key)
        with serving(Stub(), tmp_path / "pair.pem") as edge:
            port = edge.url.rpartition(":")[2]
            console = {"console_url": f"https://console.localhost:{port}", "steward": {}}
            cli.stub.on("GET", "/status", {"version": "0.1.0", "tenants": {}, **console})
            err = cli("status").err
        assert told in err
        assert ("`stateroom up`" in err) is bool(told)


def test_verify_fails_when_a_probe_does(cli: Cli) -> None:
    """Each probe on a line; of all tenants where none is named."""
    bad = {"probes": [{"name": "metadata", "passed": True}, {"name": "peer", "passed": False}]}
    cli.stub.on("POST", "/tenants/acme/verify", Answer(202, bad))
    cli.stub.on("POST", "/tenants/globex/verify", Answer(202, tenant("globex")))
    cli.stub.on("GET", "/tenants", {"items": [tenant(), tenant("globex")]})
    found = cli("verify")
    assert found.code == 1
    assert found.out.splitlines() == [
        "acme  passed  metadata",
        "acme  FAILED  peer",
        "globex: accepted",
    ]
    assert cli("verify", "globex").code == 0
