"""The steward's socket, asked over a real Unix socket as the api asks it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from stateroom.domain.status import counts
from stateroom.edge.tokens import SESSION_SECONDS, TICKET_SECONDS, Verifier
from stateroom.engines.base import Usage
from stateroom.errors import Away, Retryable
from stateroom.steward.access import Access
from stateroom.steward.collect import Sources
from stateroom.steward.preview import Preview
from stateroom.steward.socket import MOST_FOLLOWED, MOST_LINES, Services, make_app, serve
from stateroom.steward.usage import UsageReader
from stateroom.steward.wishes import Compiler
from stateroom.store.tenant_change import Change
from tests.world import INSTALLATION, document, keyring, settings, until
from tests.world_real import Real, real_world


@dataclass(frozen=True, slots=True)
class Asked:
    """real: the world behind the socket, with the tenants acme and globex ready."""

    real: Real
    session: aiohttp.ClientSession
    tenants: dict[str, str]

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        async with self.session.get(f"http://steward{path}", params=query) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, body: object) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else None
        send = {"data": data} if data is not None else {"json": body}
        async with self.session.post(f"http://steward{path}", **send) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    async with real_world(tmp_path) as real:
        tenants = {slug: (await real.create(slug)).tenant.id for slug in ("acme", "globex")}
        await real.world.converge()
        path = tmp_path / "steward.sock"
        runner = await serve(make_app(services(real, tmp_path)), path)
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session:
            yield Asked(real, session, tenants)
        await runner.cleanup()


def services(real: Real, folder: Path) -> Services:
    world, keys = real.world, keyring().steward
    sources = Sources(
        world.engine, world.edge, world.grants, lambda: world.firewall, world.prober.health
    )

    async def status() -> dict[str, Any]:
        return {"phases": counts(world.loop.last.statuses)}

    return Services(
        world.loop,
        real.store,
        world.engine,
        Access(real.store, keys, world.clock),
        UsageReader(world.engine, world.edge, folder / "no-broker.sock", real.store),
        Preview(
            real.store, sources, lambda: Compiler(INSTALLATION, settings(), keys), world.engine,
            lambda reference: reference, world.clock,
        ),
        status,
    )  # fmt: skip


async def test_access_gives_token_and_ticket(asked: Asked) -> None:
    """The token is the one whose hash the edge holds; the ticket signs a browser in, once."""
    status, given = await asked.get(f"/access/{asked.tenants['acme']}")
    assert status == 200
    found = await asked.real.repository.tenants.by_token(given["api_token"])
    assert found == (asked.tenants["acme"], "acme")
    body = {"ticket": given["ticket"], "tenant": asked.tenants["acme"]}
    status, session = await asked.post("/session", body)
    assert (status, session["max_age"]) == (200, SESSION_SECONDS)
    verifier = Verifier(keyring().steward.signer.public_pem)
    assert verifier.session(session["cookie"], asked.tenants["acme"], asked.real.world.now)
    status, refused = await asked.post("/session", body)
    assert status == 403 and "used before" in refused["detail"]


async def test_a_ticket_used_by_two_at_once_is_good_for_one(asked: Asked) -> None:
    """Of ten browsers with the same link one is let in."""
    _, given = await asked.get(f"/access/{asked.tenants['acme']}")
    body = {"ticket": given["ticket"], "tenant": asked.tenants["acme"]}
    answers = await asyncio.gather(*(asked.post("/session", body) for _ in range(10)))
    assert sorted(status for status, _ in answers) == [200] + [403] * 9


async def test_a_ticket_opens_its_own_tenant_for_a_minute(asked: Asked) -> None:
    """Not another one's, not later, not the session in its place, not anything made up."""
    world = asked.real.world
    _, given = await asked.get(f"/access/{asked.tenants['acme']}")
    ticket, acme = given["ticket"], asked.tenants["acme"]
    signer = keyring().steward.signer
    for wrong in (
        {"ticket": ticket, "tenant": asked.tenants["globex"]},
        {"ticket": signer.session(acme, world.now), "tenant": acme},
        {"ticket": ticket + "A", "tenant": acme},
        {"ticket": "", "tenant": acme},
        {"ticket": 7, "tenant": ["x"]},
    ):
        status, answer = await asked.post("/session", wrong)
        assert status == 403 and set(answer) == {"detail"}
    world.now += TICKET_SECONDS + 1
    status, answer = await asked.post("/session", {"ticket": ticket, "tenant": acme})
    assert status == 403 and "expired" in answer["detail"]


async def test_a_tenant_that_is_gone_has_no_access(asked: Asked) -> None:
    """Neither a token nor a session for a ticket of before."""
    acme = asked.tenants["acme"]
    _, given = await asked.get(f"/access/{acme}")
    await asked.real.repository.tenants.delete("acme", "erase")
    await asked.real.world.converge()
    assert (await asked.get(f"/access/{acme}"))[0] == 404
    again = keyring().steward.signer.ticket(acme, asked.real.world.now)
    assert (await asked.post("/session", {"ticket": again, "tenant": acme}))[0] == 404
    assert given["ticket"] != again


async def test_the_plan_is_told_and_not_carried_out(asked: Asked) -> None:
    """In words and as a list, for all or for one; asking changes nothing, not even a record."""
    world = asked.real.world
    await asked.real.change("acme", {"values": {"prompt": "New."}})
    world.engine.crash(await asked.real.instance("globex"))
    world.trace.clear()
    status, told = await asked.get("/plan")
    assert status == 200
    assert "write content of generation 2" in told["text"]
    assert {(e["tenant"], e["action"]) for e in told["actions"] if e["tenant"] == "acme"} == {
        ("acme", "write content of generation 2")
    }
    _, one = await asked.get("/plan", tenant=asked.tenants["acme"])
    assert {entry["tenant"] for entry in one["actions"]} == {"acme"}
    assert "globex" not in one["text"]
    assert (await asked.get("/plan", tenant="t-nobody"))[1]["actions"] == []
    assert world.trace == []
    assert all(not entry.failures for entry in (await asked.real.store.desired()).tenants)


async def test_a_preview_shows_what_a_deploy_would_do(asked: Asked) -> None:
    """An unsaved document's plan; nothing of it is kept or done."""
    world = asked.real.world
    world.engine.images["openclaw:2026.9.7"] = ("openclaw", "gateway", "run")
    world.trace.clear()
    body = {"blueprint": "sample", "document": document("2026.9.7")}
    status, told = await asked.post("/plan", body)
    assert status == 200
    assert {entry["action"] for entry in told["actions"] if entry.get("part") == "edge"} == {
        "close acme.t.localhost", "close globex.t.localhost",
    }  # fmt: skip
    assert [w["code"] for w in told["waiting"]] == ["route", "route"]
    assert world.trace == [] and (await world.turn()).plan.empty
    detail = "Its image is another and its disk is copied first."
    assert told["tenants"] == [
        {"slug": slug, "effect": "recreated", "detail": detail, "canary": False}
        for slug in ("acme", "globex")
    ]


async def test_a_preview_of_what_runs_already_does_nothing(asked: Asked) -> None:
    """Nobody is moved by a document that means what everybody's revision means."""
    status, told = await asked.post("/plan", {"blueprint": "sample", "document": document()})
    assert (status, told["actions"], told["waiting"]) == (200, [], [])
    assert {(t["slug"], t["effect"]) for t in told["tenants"]} == {
        ("acme", "none"), ("globex", "none"),
    }  # fmt: skip


async def test_a_preview_of_some_and_of_a_share(asked: Asked) -> None:
    """Who would go first stands first; who is not named is not told of; a stranger is refused."""
    body = {"blueprint": "sample", "document": document(cpu=3.0)}
    _, told = await asked.post("/plan", {**body, "canary": "10%"})
    assert [(t["slug"], t["effect"], t["canary"]) for t in told["tenants"]] == [
        ("acme", "in_place", True), ("globex", "in_place", False),
    ]  # fmt: skip
    _, told = await asked.post("/plan", {**body, "tenants": ["globex"]})
    assert [t["slug"] for t in told["tenants"]] == ["globex"]
    status, told = await asked.post("/plan", {**body, "tenants": ["nobody"]})
    assert status == 422 and "no tenant of blueprint sample" in told["detail"]


async def test_an_image_that_cannot_run_is_told_alike_before_and_after(asked: Asked) -> None:
    """It is here, so nobody is sent to obtain it: the preview of the deployment and the status of
    a tenant that was deployed all the same say one sentence."""
    real = asked.real
    real.world.engine.images["stateroom/empty:1"] = ()
    drawing = document()
    drawing["blocks"].append(
        {"id": "db", "kind": "service", "options": {"image": "stateroom/empty:1"}}
    )
    drawing["links"].append(["agent", "db"])
    _, answer = await asked.post("/plan", {"blueprint": "sample", "document": drawing})
    (problem,) = answer["errors"]
    assert (problem["code"], problem["block"]) == ("bad_image", "db")
    assert problem["detail"] == "The image stateroom/empty:1 names no program to run."
    await real.repository.blueprints.put("sample", drawing)
    await real.repository.deployments.deploy("sample", slugs=["acme"])
    await real.pin()
    await real.world.loop.one_pass()
    status = await real.status("acme")
    assert status.blocked
    # A status' reason is a clause, which whoever shows it makes a sentence of.
    assert f"T{status.reason[1:]}." == problem["detail"]


async def test_a_preview_of_what_is_not_on_this_machine(asked: Asked) -> None:
    """Every program whose image is missing, on its block, with what brings it here."""
    drawing = document("2026.12.1")
    database = {"id": "db", "kind": "service", "options": {"image": "stateroom/postgresql:15"}}
    drawing["blocks"].append(database)
    drawing["links"].append(["agent", "db"])
    status, answer = await asked.post("/plan", {"blueprint": "sample", "document": drawing})
    found = {problem["block"]: problem for problem in answer["errors"]}
    assert status == 422 and set(found) == {"agent", "db"}
    assert {problem["code"] for problem in answer["errors"]} == {"no_image"}
    assert "STATEROOM_OPENCLAW_VERSION=2026.12.1 stateroom up" in found["agent"]["hint"]
    assert "stateroom images build postgresql" in found["db"]["hint"]
    last = len(drawing["blocks"]) - 1
    assert found["db"]["pointer"] == f"/blocks/{last}/options/image"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"blueprint": "sample", "document": {"name": "sample", "blocks": []}}, 422),
        ({"blueprint": "sample", "document": document("2026.12.1")}, 422),
        ({"blueprint": "sample"}, 422),
        (b"{", 422),
        (b"\xff", 422),
        ([], 422),
        (b"[" * 100_000, 422),
    ],
    ids=["no blueprint", "no image", "no document", "no json", "no text", "no object", "deep"],
)
async def test_a_preview_of_nonsense(asked: Asked, body: object, expected: int) -> None:
    """Every refusal is a sentence in JSON."""
    status, answer = await asked.post("/plan", body)
    assert (status, set(answer)) == (expected, {"detail", "errors"})
    assert all(problem["detail"] for problem in answer["errors"])
    assert "Traceback" not in answer["detail"]


async def test_logs_are_told_from_the_end_and_followed(asked: Asked) -> None:
    """The last lines at once, each new one as it is said; a reader who goes away leaves nothing
    behind, though no line comes any more."""
    engine = asked.real.world.engine
    cabin = (await asked.real.repository.tenants.get("acme")).cabin.id
    for line in ("one", "two", "three"):
        engine.say(cabin, line)
    url = f"http://steward/logs/{asked.tenants['acme']}"
    async with asked.session.get(url, params={"tail": "2"}) as answer:
        assert await answer.text() == "two\nthree\n"
    async with asked.session.get(url, params={"tail": "1", "follow": "1"}) as answer:
        assert await answer.content.readline() == b"three\n"
        engine.say(cabin, "four")
        assert await answer.content.readline() == b"four\n"
        before = _handlers()
        assert before
        answer.close()
    await until(lambda: not _handlers())


def _handlers() -> list[Any]:
    """Handlers of the logs that still run."""
    return [
        task
        for task in asyncio.all_tasks()
        if any(frame.f_code.co_qualname == "_Handlers.logs" for frame in _frames(task))
    ]


def _frames(task: asyncio.Task[Any]) -> list[Any]:
    """The frames of a task's coroutine, outermost first."""
    found, coroutine = [], task.get_coro()
    while coroutine is not None and (frame := getattr(coroutine, "cr_frame", None)) is not None:
        found.append(frame)
        coroutine = coroutine.cr_await  # type: ignore[union-attr]
    return found


@pytest.mark.parametrize(
    "tail",
    ["-1", "x", "", "1e3", "٣", str(MOST_LINES + 1), "9" * 5000, "0" * 9 + "9999999", "0" * 5000],
    ids=lambda tail: tail[:20],
)
async def test_a_tail_that_is_no_number(asked: Asked, tail: str) -> None:
    """It is refused before anything is read."""
    status, answer = await asked.get(f"/logs/{asked.tenants['acme']}", tail=tail)
    assert status == 422 and "tail" in answer["detail"]


async def test_logs_that_break_off(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was read is kept, the answer ends, and the log says why."""

    async def broken(_cabin: str, _role: str, **_: object) -> AsyncIterator[str]:
        yield "one"
        raise Retryable("the engine went away")

    monkeypatch.setattr(asked.real.world.engine, "logs", broken)
    async with asked.session.get(f"http://steward/logs/{asked.tenants['acme']}") as answer:
        assert (answer.status, await answer.read()) == (200, b"one\n")
    assert "the engine went away" in caplog.text


async def test_usage_without_a_broker(asked: Asked) -> None:
    """What the cabin uses now is told though the broker tells no days."""
    status, told = await asked.get(f"/usage/{asked.tenants['acme']}")
    assert (status, told["days"]) == (200, [])
    assert told["now"] == {
        "cpu_cores": 0.1, "memory_mb": 256.0, "disk_mb": 10.0, "pids": 11, "requests_per_minute": 0,
    }  # fmt: skip


async def test_usage_tells_how_often_the_edge_let_in(asked: Asked) -> None:
    """The edge's count of this tenant, not another's; without an edge nobody comes in: none."""
    acme, globex, edge = asked.tenants["acme"], asked.tenants["globex"], asked.real.world.edge
    edge.rates = {acme: 42}

    async def rate(tenant: str) -> int:
        told: int = (await asked.get(f"/usage/{tenant}"))[1]["now"]["requests_per_minute"]
        return told

    assert (await rate(acme), await rate(globex)) == (42, 0)
    edge.away = True
    assert await rate(acme) == 0


async def test_a_suspended_tenants_disk_is_as_full_as_it_was(asked: Asked) -> None:
    """Nothing runs, so nobody can look: what was seen last is told, also by a new steward; a
    running one is asked itself."""
    tenant, world = asked.tenants["acme"], asked.real.world
    await asked.real.repository.changes.change("acme", Change({"suspended": True}))
    await world.converge()
    expected = {
        "cpu_cores": 0.0, "memory_mb": 0.0, "disk_mb": 10.0, "pids": 0, "requests_per_minute": 0,
    }  # fmt: skip
    assert (await asked.get(f"/usage/{tenant}"))[1]["now"] == expected
    other = asked.tenants["globex"]
    cabin = (await asked.real.repository.tenants.get("globex")).cabin.id
    world.engine.usages[cabin] = Usage(0.2, 300.0, 77.0, 5)
    assert (await asked.get(f"/usage/{other}"))[1]["now"]["disk_mb"] == 77.0
    world.engine.crash(await asked.real.instance("globex"))
    assert (await asked.get(f"/usage/{other}"))[1]["now"]["disk_mb"] == 77.0


async def test_status_and_signal(asked: Asked) -> None:
    """Counts by phase; a signal wakes the loop and answers nothing."""
    assert (await asked.get("/status"))[1]["phases"]["ready"] == 2
    asked.real.world.loop._wake.clear()
    async with asked.session.post("http://steward/signal") as answer:
        assert (answer.status, await answer.read()) == (204, b"")
    assert asked.real.world.loop._wake.is_set()


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/access/t-nobody", 404), ("/logs/t-nobody", 404), ("/usage/t-nobody", 404),
     ("/nothing", 404), ("/signal", 405)],
)  # fmt: skip
async def test_what_is_not_there(asked: Asked, path: str, expected: int) -> None:
    """Unknown tenants, paths and methods are answered in JSON."""
    status, answer = await asked.get(path)
    assert (status, set(answer)) == (expected, {"detail"})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Away("the database is busy"), 503),
        (Retryable("no answer"), 503),
        (TypeError("a secret"), 500),
    ],
)
async def test_errors_are_json_without_a_trace(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: int
) -> None:
    """What may help by being repeated is 503; a defect says nothing but where to look."""

    async def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(asked.real.world.loop, "fresh_look", fails)
    status, answer = await asked.get("/plan")
    assert (status, set(answer)) == (expected, {"detail"})
    assert (answer["detail"] == str(error)) == (expected == 503)
    assert "a secret" not in answer["detail"]


async def test_followed_logs_are_counted(asked: Asked) -> None:
    """Beyond so many that are followed at once one is refused for now; logs that are not followed
    are answered meanwhile, and one that ends makes room."""
    path = f"http://steward/logs/{asked.tenants['acme']}"
    query = {"tail": "0", "follow": "1"}
    async with aiohttp.ClientSession(
        connector=aiohttp.UnixConnector(asked.session.connector._path, limit=0)  # type: ignore[union-attr]
    ) as session:
        open_ones = [await session.get(path, params=query) for _ in range(MOST_FOLLOWED)]
        assert {answer.status for answer in open_ones} == {200}
        status, refused = await asked.get(f"/logs/{asked.tenants['globex']}", **query)
        assert status == 503 and "followed" in refused["detail"]
        async with session.get(path, params={"tail": "5"}) as answer:
            assert answer.status == 200
        open_ones.pop().close()

        async def has_room() -> bool:
            async with session.get(path, params=query) as answer:
                return answer.status == 200

        await until(has_room)
        for answer in open_ones:
            answer.close()
