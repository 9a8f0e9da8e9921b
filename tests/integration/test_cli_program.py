"""The program as a process: how it starts, what it says when there is no Stateroom, TLS."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from stateroom.cli import down
from stateroom.cli.main import build
from tests.integration.cli_stub import (
    KEY,
    Answer,
    Cli,
    Request,
    Stub,
    command_line,
    problem,
    serving,
    tenant,
)

PROGRAM = [sys.executable, "-c", "from stateroom.cli.main import main; main()"]


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    with command_line(tmp_path) as found:
        yield found


def every_command() -> list[tuple[str, ...]]:
    """All of them, as the help lists them."""
    found: list[tuple[str, ...]] = []

    def walk(prefix: tuple[str, ...]) -> None:
        text = CliRunner().invoke(build(), [*prefix, "--help"]).stdout
        names = re.findall(r"^  ([a-z]+)  ", text.partition("\nCommands:\n")[2], re.MULTILINE)
        if not names:
            found.append(prefix)
        for name in names:
            walk((*prefix, name))

    walk(())
    return found


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_every_command_teaches_and_speaks_json(command: tuple[str, ...]) -> None:
    """Its help holds an example of itself and the option --json."""
    text = CliRunner().invoke(build(), [*command, "--help"]).stdout
    assert "Example" in text
    assert "stateroom " + " ".join(command) in text
    assert "--json" in text


def test_the_commands_of_the_contract_are_there() -> None:
    """Those of the public contract that are a client's."""
    tenants = "create list show set restart sleep wake logs events open delete suspend resume"
    blueprints = "list show check apply diff deploy revisions schema"
    wanted: set[tuple[str, ...]] = {("tenants", verb) for verb in tenants.split()}
    wanted |= {("blueprints", verb) for verb in blueprints.split()}
    wanted |= {("secrets", "set"), ("secrets", "list"), ("secrets", "unset")}
    wanted |= {("status",), ("plan",), ("verify",), ("volumes", "list"), ("providers", "list")}
    assert wanted <= set(every_command())


@pytest.mark.parametrize("command", [("tenants", "sleep"), ("tenants", "wake"), ("verify",)])
def test_help_promises_nothing_that_is_not_there(command: tuple[str, ...]) -> None:
    """What the API answers with 501 is said to come later, where one reads about it first."""
    text = CliRunner().invoke(build(), [*command, "--help"]).stdout
    assert "Not in this version yet." in " ".join(text.split())


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_purge_is_never_begun_where_nobody_can_be_asked(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    """A script must have said --yes: what stands on its standard input is no answer."""

    async def begun(*_: object) -> list[str]:
        pytest.fail("something was removed")

    monkeypatch.setattr(down, "_down", begun)
    ended = cli("down", "--purge", *more, stdin="purge\n")
    assert ended.code == 2
    assert "Say --yes where nobody can be asked." in ended.out + ended.err


def test_help_does_not_load_what_it_does_not_need() -> None:
    """Neither the HTTP library, nor YAML, nor the server's libraries: it has to start at once."""
    code = (
        "import sys\nfrom stateroom.cli.main import build\n"
        "try:\n    build()(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'httpx', 'yaml', 'fastapi', 'sqlalchemy', 'aiodocker', 'pydantic', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("args", [["nonsense"], ["tenants", "nonsense"], ["tenants", "show"]])
def test_a_typo_is_wrong_usage(cli: Cli, args: list[str]) -> None:
    """Exit code 2, on stderr, and nothing is asked."""
    found = cli(*args)
    assert (found.code, found.out) == (2, "")
    assert not cli.stub.requests


def test_without_a_stateroom_it_says_how_to_start_one(cli: Cli) -> None:
    """A closed port is one sentence with the next command, exit code 1, JSON where asked."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        found = cli("tenants", "list", STATEROOM_URL=url)
        assert found.code == 1
        assert "`scripts/up`" in found.err
        assert url in found.err
        found = cli("tenants", "create", "a", "-b", "b", "--json", STATEROOM_URL=url)
        assert "stateroom up" in found.json["detail"]


def test_a_wrong_key_says_where_keys_come_from(cli: Cli) -> None:
    """And is itself not shown."""
    found = cli("tenants", "list", STATEROOM_KEY="wrong-key-11")
    assert found.code == 1
    assert "STATEROOM_KEY" in found.err
    assert "wrong-key-11" not in found.err


def test_a_key_is_read_from_the_home(cli: Cli) -> None:
    """When the environment has none."""
    (cli.home / "admin.key").write_text(KEY + "\n")
    cli.stub.on("GET", "/volumes", {"items": []})
    assert cli("volumes", "list", STATEROOM_KEY="").code == 0


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "<html>", "text/html"),
        Answer(502, "<html>", "text/html"),
        Answer(200, "[1]"),
        Answer(302, "", headers={"Location": "http://127.0.0.1:1/"}),
    ],
)
def test_another_program_on_the_port_is_recognised(cli: Cli, answer: Answer) -> None:
    """One sentence, no stack trace, and no redirect is followed with the key."""
    cli.stub.on("GET", "/tenants/acme", answer)
    found = cli("tenants", "show", "acme")
    assert found.code == 1
    assert "STATEROOM_URL" in found.err


def test_a_part_that_is_away_says_when_to_try_again(cli: Cli) -> None:
    """503 with Retry-After."""
    cli.stub.on("GET", "/tenants/acme/logs", problem(503, "The steward is away.", Retry_After="3"))
    found = cli("tenants", "logs", "acme")
    assert found.code == 1
    assert "The steward is away. Try again in 3 s." in found.err


def test_a_proxy_of_the_environment_never_sees_the_key(cli: Cli) -> None:
    """What is on this machine is asked directly."""
    cli.stub.on("GET", "/volumes", {"items": []})
    dead = "http://127.0.0.1:9"
    assert cli("volumes", "list", HTTP_PROXY=dead, http_proxy=dead, ALL_PROXY=dead).code == 0


def test_names_below_localhost_are_reached_over_tls_with_our_ca(cli: Cli, tmp_path: Path) -> None:
    """No resolver is asked; the certificate is checked against the name and $HOME's ca.pem."""
    pem = certificate(tmp_path, "console.localhost")
    with serving(Stub(), pem) as stub:
        stub.on("GET", "/tenants/acme", tenant())
        port = stub.url.rpartition(":")[2]
        url = f"https://console.localhost:{port}"
        assert cli("tenants", "show", "acme", STATEROOM_URL=url).code == 0
        assert stub.requests[0].headers["host"] == f"console.localhost:{port}"
        other = cli("tenants", "show", "acme", STATEROOM_URL=f"https://other.localhost:{port}")
        (tmp_path / "ca.pem").unlink()
        unknown = cli("tenants", "show", "acme", STATEROOM_URL=url)
    for found in (other, unknown):
        assert found.code == 1
        assert "is not trusted" in found.err
    assert len(stub.requests) == 1


def test_following_goes_on_where_it_broke_off_and_ctrl_c_ends_it(cli: Cli) -> None:
    """A connection that breaks is made again after the last event; nothing is shown twice."""
    done = threading.Event()
    calls: list[str] = []

    def stream(request: Request) -> Answer:
        calls.append(request.headers.get("last-event-id", ""))
        if len(calls) == 3:
            done.set()
        body = f'id: {len(calls)}\nevent: log\ndata: {{"line": "line {len(calls)}"}}\n\n'
        return Answer(200, body, "text/event-stream")

    cli.stub.answers["GET", "/tenants/acme/logs"] = stream
    process = subprocess.Popen(
        [*PROGRAM, "tenants", "logs", "acme", "-f"],
        # Whoever runs the tests in the background ignores SIGINT, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        env=os.environ | cli.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.wait(30)
    process.send_signal(2)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.splitlines()[:2] == ["line 1", "line 2"]
    assert "Traceback" not in err
    assert calls[:3] == ["", "1", "2"]


def test_a_terminal_gets_colours_and_a_question(cli: Cli) -> None:
    """Phases are coloured there, deleting asks for the slug, and a wrong one deletes nothing."""
    cli.stub.on("GET", "/tenants", {"items": [tenant()]})
    cli.stub.on("GET", "/tenants/acme", tenant())
    assert "\x1b[32m" in in_terminal(cli, ["tenants", "list"])
    assert "\x1b[" not in cli("tenants", "list").out
    assert "\x1b[32m" not in in_terminal(cli, ["tenants", "list"], NO_COLOR="1")
    asked = in_terminal(cli, ["tenants", "delete", "acme", "--data", "erase"], typed="acmee\n")
    assert "nothing was deleted" in asked
    assert not cli.stub.sent("DELETE", "/tenants/acme")
    cli.stub.on("DELETE", "/tenants/acme", Answer(202))
    in_terminal(cli, ["tenants", "delete", "acme", "--data", "erase"], typed="acme\n")
    assert cli.stub.sent("DELETE", "/tenants/acme")


def test_a_terminal_shows_what_is_waited_for(cli: Cli) -> None:
    """Each phase stays as a line, the running clock is wiped away, the tenant is the result."""
    cli.stub.on("POST", "/tenants/acme/restart", Answer(202, tenant(phase="starting")))
    cli.stub.on("GET", "/tenants/acme", tenant(phase="starting"), tenant())
    shown = in_terminal(cli, ["tenants", "restart", "acme", "--wait"])
    assert " s  acme: starting\r\n" in shown
    assert " s  acme: starting ..." in shown
    assert "\x1b[2K" in shown
    assert "https://acme.t.localhost:8443/" in shown


def test_a_log_line_does_not_command_a_terminal(cli: Cli) -> None:
    """A tenant's escape sequences are shown as text."""
    text = "\x1b[2Jgone\n"
    cli.stub.on("GET", "/tenants/acme/logs", Answer(200, text, "text/plain"))
    shown = in_terminal(cli, ["tenants", "logs", "acme"])
    assert "\\x1b[2Jgone" in shown
    assert "\x1b[2J" not in shown


def test_a_secret_typed_on_a_terminal_is_not_echoed(cli: Cli) -> None:
    """It reaches the api all the same."""
    cli.stub.on("PUT", "/tenants/acme/secrets/CRM", Answer(204))
    shown = in_terminal(cli, ["secrets", "set", "acme", "CRM"], typed="hunter2\n", wait_for="CRM: ")
    assert cli.stub.last("PUT", "/tenants/acme/secrets/CRM").json == {"value": "hunter2"}
    assert "hunter2" not in shown


def in_terminal(
    cli: Cli, args: list[str], typed: str = "", wait_for: str = "", **environ: str
) -> str:
    """What a person would see; `typed` goes in once `wait_for` is on the screen."""
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    terminal, far_end = pty.openpty()
    with os.fdopen(terminal, "rb+", buffering=0) as screen:
        # A session of its own whose terminal this is: a password is asked for there.
        process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *PROGRAM, *args],
            env=env | {"TERM": "xterm"} | cli.environ | environ,
            stdin=far_end,
            stdout=far_end,
            stderr=far_end,
        )
        os.close(far_end)
        shown = read_screen(screen, typed.encode(), wait_for.encode())
    process.wait(timeout=30)
    return shown.decode(errors="replace")


def read_screen(screen: IO[bytes], typed: bytes, wait_for: bytes) -> bytes:
    shown = b""
    while True:
        if typed and wait_for in shown:
            screen.write(typed)
            typed = b""
        try:
            more = screen.read(4096)
        except OSError:  # The program ended and its terminal is gone: Linux says EIO.
            return shown
        if not more:
            return shown
        shown += more


def certificate(home: Path, name: str) -> Path:
    """A CA into ca.pem and a server's certificate with its key, for tests only."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    ca = signed(
        issuer, issuer, ca_key.public_key(), ca_key, [(x509.BasicConstraints(True, 0), True)]
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    leaf = signed(subject, issuer, key.public_key(), ca_key, [(names, False)])
    (home / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    pem = home / "server.pem"
    pem.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem


def signed(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    by: ec.EllipticCurvePrivateKey,
    extensions: list[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(by, hashes.SHA256())
