"""What keeps a host from carrying cabins is seen before tenants meet it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiodocker import Docker
from aiohttp import web

from stateroom.installation import host_check
from stateroom.installation.host_check import cabin_reaches_broker, unfit
from tests.contract.engine_lab import Lab, docker, lab, run

PORT = 18080


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Lab]:
    with lab("ee", "10.219.9.0/24", PORT, tmp_path) as made:
        yield made
        assert docker("network", "ls", "-q", "--filter", "name=stee-doctor") == ""


@pytest.fixture
async def broker() -> AsyncIterator[None]:
    """Listens where the broker does."""

    async def healthy(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application()
    app.router.add_get("/healthz", healthy)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", PORT).start()
    yield
    await runner.cleanup()


@contextmanager
def somebodys_rule(rule: str) -> Iterator[None]:
    """A firewall of the host's owner, which is asked after ours."""
    table = "inet stateroom_test_ee"
    run("nft", f"add table {table}; add chain {table} input "
        f"{{ type filter hook input priority 10; policy accept; }}; add rule {table} input {rule}")
    try:
        yield
    finally:
        run("nft", f"delete table {table}")


async def reached(place: Lab) -> str:
    async with Docker() as client:
        return await cabin_reaches_broker(client, place.image, place.installation)


@pytest.mark.usefixtures("broker")
async def test_a_way_that_is_open_is_seen(place: Lab) -> None:
    """And nothing of the trial is left, also of one that was killed before."""
    docker("network", "create", "--internal", "stee-doctor")
    assert await reached(place) == ""


@pytest.mark.usefixtures("broker")
async def test_other_peoples_rules_are_seen(place: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that drops what comes from cabins: it says so, and what to let in. Asked again once:
    what is dropped is waited for each time."""
    monkeypatch.setattr(host_check, "TRIES", 2)
    with somebodys_rule('iifname "stee-*" tcp dport 18080 drop'):
        said = await reached(place)
    for word in ("ufw", "18080", "10.219.9.0/24", "stee-*", "timed out"):
        assert word in said


async def test_a_broker_that_does_not_listen_is_seen(place: Lab) -> None:
    """With what the caller met."""
    assert "refused" in await reached(place)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["name=seccomp,profile=default", "name=rootless"], "rootless"),
        (["name=userns"], "userns-remap"),
        (["name=seccomp,profile=default", "name=cgroupns", "name=apparmor"], ""),
        (None, ""),
    ],
)
def test_an_engine_in_which_cabins_cannot_work_is_told(
    options: list[str] | None, word: str
) -> None:
    """With a sentence that says what to do; any other one is taken."""
    said = unfit({"SecurityOptions": options})
    assert word in said
    assert bool(said) == bool(word)
