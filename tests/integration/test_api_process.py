"""The api as its own process: starts on an empty home, dies at any moment, shows no secret."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx

from stateroom.api import openapi
from stateroom.api.app import api_application
from tests.builders import sample_document
from tests.integration.api_lab import ADMIN
from tests.integration.process_lab import client, made_home, process
from tests.integration.store_lab import PUBLIC


async def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    """Killed in the middle of a stream of creates and started again: every tenant that was
    answered with 202 is there, whole; a call that is repeated with its key makes no second."""
    home = made_home(tmp_path)
    accepted: list[str] = []
    enough = asyncio.Event()

    async def create(http: httpx.AsyncClient, n: int) -> None:
        body = {"slug": f"t{n}", "blueprint": "support-agent", "secrets": {"K": f"hunter2-{n}"}}
        headers = {"Idempotency-Key": f"key-{n}"}
        answer = await http.post("/tenants", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        accepted.append(answer.json()["slug"])
        if len(accepted) == 8:
            enough.set()

    async with client(home) as http, process(home) as first:
        saved = await http.put("/blueprints/support-agent", json=sample_document())
        assert saved.status_code == 200
        creating = [asyncio.create_task(create(http, n)) for n in range(40)]
        await asyncio.wait_for(enough.wait(), 20)
        first.kill()
        await asyncio.gather(*creating, return_exceptions=True)
    before = list(accepted)
    assert 8 <= len(before) < 40
    async with client(home) as http, process(home) as second:
        for slug in before:
            assert (await http.get(f"/tenants/{slug}")).status_code == 200
            secrets = (await http.get(f"/tenants/{slug}/secrets")).json()["items"]
            assert [entry["name"] for entry in secrets] == ["K"]
        await asyncio.gather(*(create(http, n) for n in range(30)))
        listed = (await http.get("/tenants?limit=500")).json()["items"]
        slugs = [tenant["slug"] for tenant in listed]
        assert len(slugs) == len(set(slugs))
        assert {f"t{n}" for n in range(30)} <= set(slugs)
        second.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(second.wait(), 10) in (0, -signal.SIGTERM)


async def test_the_log_has_no_secret_and_no_query(tmp_path: Path) -> None:
    """Keys, secrets and tickets are sent in every way that a client may; none is in the log."""
    home = made_home(tmp_path)
    async with client(home) as http, process(home):
        await http.put("/blueprints/support-agent", json=sample_document())
        body = {"slug": "acme", "blueprint": "support-agent", "secrets": {"K": "hunter2"}}
        await http.post("/tenants", json=body)
        await http.put("/tenants/acme/secrets/K", json={"value": "hunter2", "x": 1})
        await http.get("/tenants?cursor=hunter2")
        await http.get("http://127.0.0.1:8070/.stateroom/enter?ticket=hunter2")
        await http.get("/%0a2026-01-01%20INFO%20forged", headers={"X-K": "hunter2"})
    log = (home / "log").read_text()
    assert "POST /api/v1/tenants 202" in log
    assert "hunter2" not in log
    assert ADMIN not in log
    assert "Traceback" not in log
    assert "\n2026-01-01 INFO forged" not in log


async def test_a_start_that_cannot_be_says_why(tmp_path: Path) -> None:
    """No sealing key, no installation, a wrong setting, no folder: one sentence, no trace."""
    without = tmp_path / "without"
    (without / "api").mkdir(parents=True)
    (without / "api" / "seal.pub").write_bytes(PUBLIC)
    (without / "api" / "digest.key").write_bytes(bytes(32))
    for environ, said in (
        ({"STATEROOM_INSTALLATION": "3f"}, "seal.pub"),
        ({}, "STATEROOM_INSTALLATION"),
        ({"STATEROOM_INSTALLATION": "3f", "STATEROOM_API_PORT": "many"}, "api_port"),
        ({"STATEROOM_INSTALLATION": "3f", "STATEROOM_HOME": str(without)}, "api.sock"),
    ):
        home = {"STATEROOM_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "stateroom.api",
            env=home | environ,
            stderr=asyncio.subprocess.PIPE,
        )
        _, error = await started.communicate()
        assert started.returncode == 1
        assert said in error.decode()
        assert "Traceback" not in error.decode()


def test_the_openapi_file_is_up_to_date() -> None:
    """The document that is served, and that the console's client is made from, is what the code
    says: `python -m stateroom.api.openapi > src/stateroom/api/openapi.json`."""
    assert openapi.FILE.read_text() == openapi.render(api_application())


def test_the_openapi_document_is_whole() -> None:
    """Every call has a name of its own, says what it answers, and its references lead somewhere."""
    document = json.loads(openapi.FILE.read_text())
    calls = [call for path in document["paths"].values() for call in path.values()]
    names = [call["operationId"] for call in calls]
    assert len(names) == len(set(names))
    assert all(call["responses"]["default"] for call in calls)
    path = document["paths"]["/api/v1/tenants/{slug}"]["patch"]
    assert "If-Match" in {parameter["name"] for parameter in path["parameters"]}
    text = json.dumps(document)
    for part in set(text.split('"#/components/')[1:]):
        kind, name = part.partition('"')[0].split("/")
        assert name in document["components"][kind]
