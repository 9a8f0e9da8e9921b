"""The documents' examples, run: what a reader types has to work, and what is shown has to be so."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from stateroom.domain.blueprint import check
from tests.integration.cli_stub import KEY, Cli, Stub
from tests.integration.test_cli_with_api import BLUEPRINT, running_api

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
TASKS = [ROOT / "README.md", *sorted(ROOT.glob("docs/howto/*.md"))]

PRIVATE_TOOLS = "src/stateroom/templates/private-tools.yaml"

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

NEEDS_MORE = {
    "up", "down", "doctor", "status", "plan", "verify",
    "tenants open", "tenants token", "tenants logs", "tenants wake", "tenants sleep",
    "images build",
}  # fmt: skip
"""What an api without a steward, or a test, cannot carry out: typed right is what is checked."""

STANDS_FOR = {
    "SLUG": "acme", "NAME": "CRM_API_KEY", "YOUR-MODEL": "m", "ANOTHER-MODEL": "m",
    "MODEL=IN,OUT": "m=1,2", "FILE": "support-agent.yaml", "TOKEN": "t",
    PRIVATE_TOOLS: str(ROOT / PRIVATE_TOOLS),
}  # fmt: skip

NOBODY = {"ID", "DEPLOYMENT", "VOLUME_ID", "N"}
"""Placeholders of what no example has: the verb and its options are checked."""


def fenced(document: Path) -> Iterator[tuple[str, str]]:
    """(language, text) of each block of code."""
    for found in BLOCK.finditer(document.read_text()):
        yield found[1], found[2]


def commands() -> list[tuple[str, str]]:
    """(document, command) of each `stateroom ...`, in a block or in a sentence."""
    found: list[tuple[str, str]] = []
    for document in TASKS:
        text = document.read_text()
        inline = re.findall(r"`(stateroom [^`]+)`", BLOCK.sub("", text))
        lines = [line.strip() for _, block in fenced(document) for line in block.splitlines()]
        typed = [line for line in lines if line.startswith("stateroom ")]
        found += [(document.name, " ".join(command.split())) for command in (*inline, *typed)]
    return found


def words_of(command: str) -> list[str]:
    """As a shell reads it, without redirections and the comment; examples' names filled in."""
    words = shlex.split(command, comments=True)[1:]
    words = words[: next((i for i, word in enumerate(words) if word in "<>"), len(words))]
    names = STANDS_FOR | ({"NAME": "prompt"} if words[:2] == ["tenants", "set"] else {})
    return [names.get(word, word) for word in words if word not in ("...", "…")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def cli(home: Path) -> Iterator[Cli]:
    with running_api(home) as url:
        program = Cli(Stub(), home)
        program.environ["STATEROOM_URL"] = url
        assert program("blueprints", "apply", "-", stdin=BLUEPRINT).code == 0
        made = program("tenants", "create", "acme", "-b", "support-agent", "--json").json
        assert made["slug"] == "acme"
        yield program


@pytest.mark.parametrize(("document", "command"), commands())
def test_a_command_works_as_it_is_written(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: str, command: str
) -> None:
    """Every one is understood; where an api alone can do it, it is done."""
    monkeypatch.chdir(tmp_path)
    Path("support-agent.yaml").write_text(BLUEPRINT)
    words = [word for word in words_of(command) if word != "--wait"]
    verb = " ".join(words[:2]) if words[0] not in NEEDS_MORE else words[0]
    if verb in NEEDS_MORE or words[-1] == "--help" or words == ["blueprints", "deploy"]:
        assert cli(*words[:2] if " " in verb else words[:1], "--help").code == 0, document
        return
    if words[:2] == ["tenants", "delete"] or NOBODY & {*words}:
        # It is asked for in earnest below; here the options alone.
        options = cli(*words[:2], "--help").out
        assert all(word in options for word in words if word.startswith("--")), document
        return
    if words[:2] == ["tenants", "create"]:
        cli("tenants", "delete", words[2], "--data", "erase", "--yes")
    done = cli(*words, stdin="sk-value\n")
    taken = words[:2] == ["tenants", "create"] and "being deleted" in done.err
    assert done.code == 0 or taken, f"{document}: {command}: {done.err}"


def test_blueprints_in_the_documents_are_good() -> None:
    """Each block of YAML is one that `check` accepts."""
    found = [text for document in DOCUMENTS for kind, text in fenced(document) if kind == "yaml"]
    for text in found:
        assert check(yaml.safe_load(text)) == (), text


def test_the_error_that_is_shown_is_the_error_that_comes(cli: Cli) -> None:
    """The howto's document, made by the call that it tells of."""
    (shown,) = [json.loads(t) for k, t in fenced(ROOT / "docs/howto/api-errors.md") if k == "json"]
    answer = httpx.post(
        f"{cli.environ['STATEROOM_URL']}/api/v1/tenants",
        json={"slug": "Acme", "blueprint": "suport-agent"},
        headers={"Authorization": f"Bearer {KEY}"},
    )
    assert answer.json() == shown


def test_the_readmes_calls_by_curl(cli: Cli, home: Path) -> None:
    """The lines as they stand, in a shell, against the api itself: the first tenant is made and
    shown. (What needs a runtime is in the end-to-end tests.)"""
    (home / "admin.key").write_text(f"{KEY}\n")
    (block,) = [t for _, t in fenced(ROOT / "README.md") if "curl" in t]
    block = block.replace("/var/lib/stateroom", str(home)).replace("timeout=60", "timeout=0.1")
    block = block.replace("https://console.localhost:8443", cli.environ["STATEROOM_URL"])
    setup, create, wait, token, chat = block.splitlines()
    cli("tenants", "delete", "initech", "--data", "erase", "--yes")
    create = create.replace("initech", "initrode")
    script = "\n".join(["set -eu", setup, create, "echo", wait.replace("initech", "initrode")])
    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    made, shown = map(json.loads, said.stdout.splitlines())
    assert (made["slug"], shown["slug"]) == ("initrode", "initrode"), said.stderr
    program = re.search(r"python3 -c '(.*?)'", token)
    assert program is not None
    given = json.dumps({"url": "u", "api_token": "sr_1", "open_url": "o"})
    run = ["python3", "-c", program[1]]
    assert subprocess.check_output(run, input=given, text=True) == "sr_1\n"
    body = re.search(r"--json '(.*?)'$", chat)
    assert body is not None and json.loads(body[1])["model"] == "openclaw"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link of a document is a file or folder of the repository."""
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target
