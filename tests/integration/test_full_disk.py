"""A home whose disk is full, or cannot be written: a real one of a few MiB, under the real api."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.builders import sample_document
from tests.integration.api_lab import problem_of
from tests.integration.process_lab import client, made_home, process


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> None:
    """To the last byte: a page that is free in the database is used up by the calls."""
    with (disk / "ballast").open("ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            while True:
                try:
                    file.write(b"x" * size)
                except OSError:
                    break


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


@asynccontextmanager
async def running(disk: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Path]]:
    """With the sample saved and the tenant acme; the log lies on another disk."""
    home = made_home(disk)
    (home / "log").symlink_to(disk.parent / "log")
    async with client(home) as http, process(home):
        assert (await http.put("/blueprints/support-agent", json=sample_document())).is_success
        assert (await create(http, "acme")).status_code == 202
        yield http, disk.parent / "log"


async def create(http: httpx.AsyncClient, slug: str, **more: Any) -> httpx.Response:
    body = {"slug": slug, "blueprint": "support-agent", **more}
    return await http.post("/tenants", json=body, headers={"Idempotency-Key": slug})


async def state(http: httpx.AsyncClient) -> list[Any]:
    """All that there is, as the API tells it."""
    found = []
    for path in ("/tenants", "/tenants/acme/secrets", "/blueprints", "/providers", "/volumes"):
        answer = await http.get(path)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
    return found


def changes() -> list[tuple[str, str, Any]]:
    """One of every kind of change."""
    return [
        ("PATCH", "/tenants/acme", {"values": {"prompt": "p" * 20_000}}),
        ("PATCH", "/tenants/acme", {"suspended": True}),
        ("PUT", "/tenants/acme/secrets/CRM_API_KEY", {"value": "hunter2" * 1000}),
        ("POST", "/tenants/acme/restart", {}),
        ("POST", "/tenants/acme/access/rotate", {}),
        ("PUT", "/blueprints/support-agent", sample_document() | {"links": []}),
        ("PUT", "/providers/p", {"kind": "openai", "base_url": "https://a.example/v1", "key": "k"}),
        ("POST", "/blueprints/support-agent/deploy", {}),
        ("DELETE", "/tenants/acme?data=erase", None),
    ]


async def test_a_full_disk_refuses_and_half_does_nothing(disk: Path) -> None:
    """Every change is told 507 with what to do; everything can still be read, and is as it was;
    with space again the same calls go through, and nothing that was refused is there."""
    async with running(disk) as (http, log):
        fill(disk)
        refused = 0
        for n in range(60):  # What free pages there were is soon used up.
            answer = await create(http, f"t{n}", values={"prompt": "p" * 5000})
            refused += answer.status_code == 507
        assert refused > 30
        before = await state(http)
        for method, path, body in changes():
            answer = await http.request(method, path, json=body)
            if answer.status_code == 422:
                continue
            told = problem_of(answer, 507)
            assert "disk" in told["detail"] and "space" in told["detail"]
        assert await state(http) == before
        (disk / "ballast").unlink()
        for n in range(60):
            assert (await create(http, f"t{n}", values={"prompt": "p" * 5000})).status_code == 202
        slugs = [t["slug"] for t in (await http.get("/tenants?limit=500")).json()["items"]]
        assert sorted(slugs) == sorted({"acme", *(f"t{n}" for n in range(60))})
    assert "Traceback" not in log.read_text() and "hunter2" not in log.read_text()


async def test_a_killed_api_on_a_full_disk_starts_again(disk: Path) -> None:
    """What was accepted before is there; the start needs no space."""
    home = made_home(disk)
    (home / "log").symlink_to(disk.parent / "log")
    async with client(home) as http, process(home) as first:
        await http.put("/blueprints/support-agent", json=sample_document())
        assert (await create(http, "acme")).status_code == 202
        fill(disk)
        first.kill()
        await first.wait()
    async with client(home) as http, process(home):
        assert (await http.get("/tenants/acme")).status_code == 200
        (disk / "ballast").unlink()
        assert (await create(http, "globex")).status_code == 202
    assert "Traceback" not in (disk.parent / "log").read_text()


async def test_a_first_start_on_a_full_disk_says_so(disk: Path) -> None:
    """One sentence that names the disk, and no trace; afterwards it starts from nothing."""
    home = made_home(disk)
    log = disk.parent / "log"
    (home / "log").symlink_to(log)
    fill(disk)
    with pytest.raises(AssertionError, match="cannot start"):
        async with process(home):
            pass
    assert "Traceback" not in log.read_text()
    assert "full" in log.read_text() or "No space" in log.read_text()
    (disk / "ballast").unlink()
    async with client(home) as http, process(home):
        assert (await http.get("/tenants")).status_code == 200


async def test_a_start_on_a_disk_that_cannot_be_written_says_so(disk: Path) -> None:
    """Read-only, as after an error of its file system: a sentence with the file, and no trace."""
    home = made_home(disk)
    log = disk.parent / "log"
    (home / "log").symlink_to(log)
    async with client(home) as http, process(home):
        await http.put("/blueprints/support-agent", json=sample_document())
    remount(disk, "ro")
    with pytest.raises(AssertionError, match="cannot start"):
        async with process(home):
            pass
    remount(disk, "rw")
    assert "Traceback" not in log.read_text()
    assert "stateroom.db" in log.read_text()
