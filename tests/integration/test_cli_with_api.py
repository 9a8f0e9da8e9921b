"""The command line against the real api process: the two agree on every shape that they share.

No steward runs: tenants stay as they were asked for, and what needs one says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from nacl.public import PrivateKey

from stateroom.cli.client import Api
from stateroom.cli.screen import Screen
from stateroom.cli.session import Session
from stateroom.cli.target import find_target
from stateroom.cli.up import have_blueprint
from tests.integration.cli_stub import KEY, Cli, Stub
from tests.integration.unix_door import door

BLUEPRINT = files("stateroom").joinpath("templates/support-agent.yaml").read_text()
CREATE = ("tenants", "create", "acme", "-b", "support-agent")


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    home = tmp_path_factory.mktemp("home")
    with running_api(home) as url:
        stub = Stub()
        stub.url = url
        program = Cli(stub, home)
        assert program("blueprints", "apply", "-", stdin=BLUEPRINT).code == 0
        yield program


@contextmanager
def running_api(home: Path) -> Iterator[str]:
    for folder in ("api", "store", "run/api", "run/steward"):
        (home / folder).mkdir(parents=True)
    (home / "api/seal.pub").write_bytes(bytes(PrivateKey.generate().public_key))
    (home / "api/digest.key").write_bytes(bytes(32))
    (home / "api/admin.sha256").write_text(hashlib.sha256(KEY.encode()).hexdigest())
    environ = {"STATEROOM_HOME": str(home), "STATEROOM_INSTALLATION": "7c"}
    with (home / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "stateroom.api"], env=os.environ | environ, stderr=log
        )
    try:
        with door(home / "run/api/api.sock") as port:
            url = f"http://127.0.0.1:{port}"
            wait_for_health(url, process)
            yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for_health(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{url}/api/v1/health"):
                return
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, "the api ended"
            time.sleep(0.1)
    raise AssertionError("the api does not answer")


def _revised(folder: Path, cli: Cli) -> Path:
    """The sample with another prompt."""
    document = cli("blueprints", "show", "support-agent", "--json").json["document"]
    for block in document["blocks"]:
        if block["kind"] == "prompt":
            block["options"]["text"] = "Another."
    file = folder / "revised.json"
    file.write_text(json.dumps(document))
    return file


def test_a_tenants_life_as_far_as_the_api_goes(cli: Cli, tmp_path: Path) -> None:
    """Create, list, show, change, restart, events and delete are understood by both sides."""
    made = cli(
        *CREATE,
        *("--set", "budget=3", "--set", "prompt=3", "--limit", "memory_mb=1024"),
        *("--secret", "CRM_API_KEY=-", "--name", "Acme Inc.", "--json"),
        stdin="hunter2\n",
    ).json
    assert (made["own_values"], made["own_limits"]) == (
        {"budget": 3, "prompt": "3"},
        {"memory_mb": 1024},
    )
    assert [t["slug"] for t in cli("tenants", "list", "--json").json["items"]] == ["acme"]
    assert "provisioning" in cli("tenants", "show", "acme").out
    change = (
        "tenants",
        "set",
        "acme",
        "budget=9",
        "--unset",
        "prompt",
        "--unset-limit",
        "memory_mb",
    )
    changed = cli(*change, "--if-generation", "1", "--json").json
    assert (changed["own_values"], changed["own_limits"]) == ({"budget": 9}, {})
    assert cli(*change, "--if-generation", "1").code == 1
    assert cli("tenants", "suspend", "acme", "--json").json["suspended"] is True
    assert cli("tenants", "resume", "acme", "--json").json["suspended"] is False
    assert cli("tenants", "restart", "acme", "--safe-mode", "--json").json["safe_mode"] is True
    assert "restart acme` ends it" in cli("tenants", "show", "acme").out
    assert cli("tenants", "restart", "acme", "--wait", "--timeout", "0").code == 4
    events = cli("tenants", "events", "acme").out.splitlines()
    assert ("change=create" in events[0], len(events) >= 5) == (True, True)
    assert cli("secrets", "set", "acme", "OTHER", stdin="x").code == 0
    assert "OTHER" in cli("secrets", "list", "acme").out
    assert cli("secrets", "set", "acme", "PEM", "--as", "file", stdin="x").code == 0
    kinds = {s["name"]: s["kind"] for s in cli("secrets", "list", "acme", "--json").json["items"]}
    assert (kinds["OTHER"], kinds["PEM"]) == ("env", "file")
    assert cli("secrets", "unset", "acme", "OTHER").code == 0
    assert cli("secrets", "unset", "acme", "OTHER").code == 3
    assert cli("blueprints", "apply", str(_revised(tmp_path, cli))).code == 0
    deploy = ("blueprints", "deploy", "support-agent", "--canary", "1", "--wait", "--timeout", "0")
    assert cli(*deploy).code == 4
    (going,) = cli("blueprints", "deployments", "support-agent", "--json").json["items"]
    assert cli("blueprints", "stop", going["id"], "--json").json["stopping"] is True
    assert cli("status").out.splitlines()[0].split() == ["tenants", "1", "(1", "provisioning)"]
    assert cli("tenants", "delete", "acme", "--data", "erase", "--yes").code == 0
    assert cli("tenants", "show", "acme", "--json").json["status"]["phase"] == "deleting"


def test_all_problems_come_at_once(cli: Cli) -> None:
    """Slug, blueprint, values and limits in one answer, each with its pointer."""
    args = ("tenants", "create", "Bad_Slug", "-b", "support-agent")
    found = cli(*args, "--set", "x=1", "--set", "budget=lots", "--limit", "cpu=900")
    assert found.code == 2
    for pointer in ("/slug", "/values/x", "/values/budget", "/limits/cpu"):
        assert f"\n  {pointer}: " in found.err
    found = cli("tenants", "create", "Bad_Slug", "-b", "nope", "--set", "x=1")
    assert found.code == 2
    assert "/blueprint" in found.err


def test_a_blueprint_goes_out_and_comes_in_again(cli: Cli, tmp_path: Path) -> None:
    """What `show` prints means the same to `apply`; a change is a revision with a diff."""
    sent = cli("blueprints", "show", "support-agent").out
    sent = sent.replace("name: support-agent", "name: in-and-out")
    assert cli("blueprints", "apply", "-", stdin=sent).code == 0
    shown = cli("blueprints", "show", "in-and-out").out
    assert "says the same already" in cli("blueprints", "apply", "-", stdin=shown).out
    changed = shown.replace("memory_mb: 2048", "memory_mb: 1536")
    assert cli("blueprints", "apply", "-", stdin=changed).out.endswith("revision 2 is new.\n")
    assert "memory_mb" in cli("blueprints", "diff", "in-and-out", "1", "2").out
    assert cli("blueprints", "diff", "in-and-out", "1", "9").code == 3
    rows = cli("blueprints", "revisions", "in-and-out").out.splitlines()[1:]
    assert sorted(row.split()[0] for row in rows) == ["1", "2"]
    old = cli("blueprints", "show", "in-and-out", "--revision", "1").out
    assert yaml.safe_load(old) == yaml.safe_load(shown)
    bad = tmp_path / "bad.yaml"
    bad.write_text(changed.replace("kind: url", "kind: urll"))
    for verb in ("check", "apply"):
        found = cli("blueprints", verb, str(bad))
        assert (found.code, "urll" in found.err) == (1, True)


def test_a_provider_keeps_its_key_to_itself(cli: Cli) -> None:
    """It goes in by stdin, and only whether there is one comes out."""
    base = ("providers", "set", "oai", "--kind", "openai", "--base-url", "https://m.example/v1")
    assert cli(*base, "--price", "m=1,2", stdin="sk-secret\n").code == 0
    listed = cli("providers", "list", "--json")
    assert "sk-secret" not in listed.out
    assert {p["name"]: p["has_key"] for p in listed.json["items"]} == {"demo": False, "oai": True}
    assert cli("providers", "delete", "oai", "--yes").code == 0
    assert cli("providers", "delete", "oai", "--yes").code == 3


def test_what_needs_the_steward_says_that_it_is_away(cli: Cli) -> None:
    """And when to try again; what needs none goes on."""
    assert cli("tenants", "create", "globex", "-b", "support-agent").code == 0
    for command in (("tenants", "logs", "globex"), ("tenants", "open", "globex"), ("plan",)):
        found = cli(*command)
        assert found.code == 1
        assert "again" in found.err
    assert cli("plan", "nobody").code == 3
    assert "The steward is away" in cli("status").err
    assert cli("volumes", "list", "--json").json == {"items": []}


def test_up_saves_and_deploys_the_sample_once(tmp_path: Path) -> None:
    """Afterwards the sample is the operator's: `up` again brings nothing of theirs back and
    deploys nothing that they have only saved."""
    with running_api(tmp_path) as url:
        program = Cli(Stub(), tmp_path)
        program.environ["STATEROOM_URL"] = url

        def up() -> tuple[int, int]:
            with session_of(program) as s:
                have_blueprint(s)
            shown = program("blueprints", "list", "--json").json["items"][0]
            return shown["revision"], shown["deployed_revision"]

        assert up() == (1, 1)
        changed = BLUEPRINT.replace("cpu: 1.0", "cpu: 2.0")
        assert program("blueprints", "apply", "-", stdin=changed).code == 0
        assert up() == (2, 1)


def test_up_finishes_what_a_killed_up_began(tmp_path: Path) -> None:
    """Saved and not deployed, as a crash between the two leaves it: deployed by the next one."""
    with running_api(tmp_path) as url:
        program = Cli(Stub(), tmp_path)
        program.environ["STATEROOM_URL"] = url
        assert program("blueprints", "apply", "-", stdin=BLUEPRINT).code == 0
        with session_of(program) as s:
            have_blueprint(s)
        shown = program("blueprints", "list", "--json").json["items"][0]
        assert (shown["revision"], shown["deployed_revision"]) == (1, 1)


@contextmanager
def session_of(program: Cli) -> Iterator[Session]:
    api = Api(find_target(program.environ))
    try:
        yield Session(api, Screen(True))
    finally:
        api.close()
