"""Cold create: from `POST /tenants` to the first chat answered over HTTPS, against `docker run`
of the same image to its first chat.

Both get the same OpenClaw configuration, the same memory and, while they boot, the same two
cores. `docker run` has neither TLS nor a disk of its own, and asks a stub model on the host that
stands in for a provider; the tenant asks the built-in demo model through the broker.

Target: no slower than `docker run`, plus 1 s. Runs in pairs, one after the other.

    scripts/bench create_cold        needs a running installation (`scripts/up --empty`)
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from ipaddress import IPv4Network
from pathlib import Path

from bench._installation import Running, answer_text, chat_body
from bench._machine import machine
from bench._report import report
from stateroom.domain.cabin import AGENT_PORT, Cabin, Installation
from stateroom.domain.content import AgentContent, ContentVersion
from stateroom.runtimes import openclaw

PAIRS = 3
BLUEPRINT = "support-agent"
UID = 250_000_000
FORWARDED = {
    "X-Forwarded-For": "203.0.113.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "bench.t.localhost:8443",
    "X-Forwarded-User": openclaw.user_of("bench"),
    "X-OpenClaw-Scopes": "operator.read,operator.write",
    "Content-Type": "application/json",
}


def main() -> None:
    running = Running()
    document = files("stateroom").joinpath(f"templates/{BLUEPRINT}.yaml").read_text()
    ensure_blueprint(running, document)
    head = machine()
    ours, theirs = [], []
    with stub_model() as port:
        for _ in range(PAIRS):
            ours.append(create(running))
            theirs.append(docker_run(port, running.settings.openclaw_version))
    say = [head, ""]
    sides = (("stateroom: create to first chat", ours), ("docker run to first chat", theirs))
    for name, figures in sides:
        shown = " ".join(f"{figure:.1f}" for figure in figures)
        say.append(f"{name:<32} median {statistics.median(figures):5.1f} s   ({shown})")
    between = statistics.median(a - b for a, b in zip(ours, theirs, strict=True))
    say.append(f"{'difference, pair by pair':<32} median {between:+5.1f} s  (target: +1.0 s)")
    report("create_cold", say)


def ensure_blueprint(running: Running, document: str) -> None:
    import yaml

    running.api("PUT", f"/blueprints/{BLUEPRINT}", yaml.safe_load(document))


def create(running: Running) -> float:
    slug = f"bench-{secrets.token_hex(3)}"
    began = time.monotonic()
    running.api("POST", "/tenants", {"slug": slug, "blueprint": BLUEPRINT})
    running.api("GET", f"/tenants/{slug}?wait=ready&timeout=90")
    running.chat(slug, running.token(slug))
    taken = time.monotonic() - began
    running.erase(slug)
    return taken


def docker_run(port: int, version: str) -> float:
    """The same image and configuration by hand, on a network of its own."""
    installation = Installation("fe", IPv4Network("10.213.248.0/24"), port)
    cabin = Cabin(installation, secrets.token_hex(4), 1, 0)
    name = f"stateroom-bench-{cabin.id}"
    folder = Path(tempfile.mkdtemp(prefix="stateroom-bench-"))
    run("network", "create", "--internal", "--subnet", str(cabin.subnet), "--gateway",
        str(cabin.gateway), name)  # fmt: skip
    try:
        write_content(cabin, folder)
        began = time.monotonic()
        run("run", "--detach", "--name", name, "--network", name, "--ip", str(cabin.address),
            "--hostname", cabin.hostname, "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges", "--user", f"{UID}:{UID}", "--memory", "2g",
            "--cpus", "2", "--volume", f"{folder}/data:/data",
            "--volume", f"{folder}/run:/run/stateroom:ro",
            "--env", "OPENCLAW_CONFIG_PATH=/run/stateroom/openclaw.json",
            "--env", f"{openclaw.BROKER_KEY}=bench",
            f"stateroom/openclaw:{version}")  # fmt: skip
        first_chat(str(cabin.address))
        return time.monotonic() - began
    finally:
        run("rm", "--force", name)
        run("network", "rm", name)
        shutil.rmtree(folder)


def write_content(cabin: Cabin, folder: Path) -> None:
    content = AgentContent(
        tenant_id="tbench", slug="bench", url="https://bench.t.localhost:8443/",
        models=("demo-1",), prompt="You help.", tools="minimal",
    )  # fmt: skip
    rendered = openclaw.render(content, cabin, ContentVersion(1, "", ""), {}, "bench")
    for path, data in rendered.files:
        target = folder / "run" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    workspace = folder / "data" / "workspace"
    workspace.mkdir(parents=True)
    shutil.copy(folder / "run/install/workspace/AGENTS.md", workspace)
    for path in (folder / "data", workspace, workspace / "AGENTS.md"):
        os.chown(path, UID, UID)
    folder.chmod(0o755)


def first_chat(address: str) -> None:
    """Asks until it has started, as the prober does, and then once for a chat."""
    while True:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(address, AGENT_PORT, timeout=3)
            connection.request("GET", "/startupz", headers={"X-Forwarded-For": "203.0.113.1"})
            if connection.getresponse().status == 200:
                break
        time.sleep(0.1)
    connection = http.client.HTTPConnection(address, AGENT_PORT, timeout=90)
    connection.request("POST", "/v1/chat/completions", chat_body("Hello"), FORWARDED)
    answer_text(connection.getresponse())


def run(*words: str) -> None:
    subprocess.run(("docker", *words), check=True, capture_output=True, text=True)


@contextmanager
def stub_model() -> Iterator[int]:
    """Stands in for a model provider; no provider is asked."""
    server = ThreadingHTTPServer(("0.0.0.0", 0), _Stub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


class _Stub(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "Hello from the stub."}
        body = json.dumps(
            {
                "id": "stub",
                "object": "chat.completion",
                "created": 1,
                "model": "stub",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing: the figures are the output."""


if __name__ == "__main__":
    main()
