"""A tenant changed while it lives: what costs no restart costs none, and what does keeps /data.

One tenant is created here and changed by one test after the other; each leaves it ready, and the
last one leaves it to the stories of deletion.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import partial

import httpx
import pytest

from tests.e2e.cabins import Agent, agent_of
from tests.e2e.installation import Stateroom, docker, eventually
from tests.e2e.talk import Client, must

SLUG = "anna"


@pytest.fixture(scope="module")
def anna(stateroom: Stateroom) -> Agent:
    """Made by the command line, as a person would."""
    stateroom.cli("tenants", "create", SLUG, "--blueprint", "small-agent", "--wait")
    return agent_of(stateroom, SLUG)


def test_a_new_tenant_answers_the_moment_it_is_ready(stateroom: Stateroom, anna: Agent) -> None:
    """`create --wait` returns, and the very next request is answered: chat, in one piece and
    streamed word by word, and the list of models."""
    with stateroom.door(SLUG) as door:
        models = must(door.models()).json()
        assert "openclaw" in [model["id"] for model in models["data"]]
        assert "Model asked for: demo-1" in door.chat("are you there")
        pieces = door.stream("are you there")
    assert len(pieces) > 5
    assert "You help the customers of anna." in "".join(pieces)
    assert anna.cabin in anna.name


def test_model_and_prompt_change_without_a_restart(stateroom: Stateroom, anna: Agent) -> None:
    """One PATCH with a new model and prompt: once `wait=ready` answers, the next chat has both,
    and the runtime is the same process as before."""
    before = anna.started, anna.runtime_pid()
    values = {"model": "demo-2", "prompt": "You are ${tenant.name}'s ${NOT_A_VALUE} parrot."}
    with stateroom.door(SLUG) as door:
        stateroom.change(SLUG, {"values": values})
        answer = door.chat("who are you")
    assert "Model asked for: demo-2" in answer
    assert "You are anna's ${NOT_A_VALUE} parrot." in answer
    assert (anna.started, anna.runtime_pid()) == before


def test_ready_waits_for_a_runtime_that_is_kept_busy(stateroom: Stateroom, anna: Agent) -> None:
    """Beside processes that take most of the cabin's CPU, OpenClaw takes a change over much
    later; `ready` comes after it, however long that is, and no chat has the old model."""
    script = "while [ -e /tmp/busy ]; do :; done"
    busy = ["docker", "exec", anna.name, "timeout", "300", "sh", "-c", script]
    docker("exec", anna.name, "touch", "/tmp/busy")
    loops = [subprocess.Popen(busy) for _ in range(4)]
    try:
        for number in range(3):
            model, prompt = f"busy-{number}", f"Prompt number {number}."
            stateroom.change(SLUG, {"values": {"model": model, "prompt": prompt}})
            with stateroom.door(SLUG) as door:
                answer = door.chat("who are you")
            assert f"Model asked for: {model}" in answer and prompt in answer
    finally:
        docker("exec", anna.name, "rm", "/tmp/busy")
        for loop in loops:
            loop.wait()


def test_a_value_is_set_by_the_command_line_too(stateroom: Stateroom, anna: Agent) -> None:
    """`tenants set --wait` is the same change, and `--unset` puts the default back."""
    stateroom.cli("tenants", "set", SLUG, "model=demo-3", "--wait")
    with stateroom.door(SLUG) as door:
        assert "Model asked for: demo-3" in door.chat("which model")
        stateroom.cli("tenants", "set", SLUG, "--unset", "model", "--unset", "prompt", "--wait")
        answer = door.chat("which model")
    assert "Model asked for: demo-1" in answer
    assert "You help the customers of anna." in answer
    shown = stateroom.cli("tenants", "show", SLUG, "--json").document
    assert shown["own_values"] == {}


def test_a_file_secret_comes_and_goes_without_a_restart(stateroom: Stateroom, anna: Agent) -> None:
    """A secret of kind `file` appears under /run/stateroom/secrets, is replaced, and is gone
    after DELETE, all in the same process."""
    before = anna.started
    where = "/run/stateroom/secrets/SIGNING_KEY"
    for value in ("first-signing-value-1f9c", "second-signing-value-77aa"):
        stateroom.secret(SLUG, "SIGNING_KEY", value)
        eventually(partial(holds, anna, where, value))
    must(stateroom.api("DELETE", f"/tenants/{SLUG}/secrets/SIGNING_KEY"))
    eventually(lambda: anna.sh(f"test -e {where} || echo gone") == "gone")
    stateroom.ready(SLUG)
    assert anna.started == before


def holds(agent: Agent, path: str, value: str) -> bool:
    return agent.sh(f"cat {path} || true") == value


def test_an_env_secret_restarts_the_runtime_in_place(stateroom: Stateroom, anna: Agent) -> None:
    """A secret of kind `env` is in the process's environment once the tenant is ready again:
    the same container was started anew, with its data; the value is in no answer of the API."""
    container, started = anna.started
    value = "crm-value-3c1e9b7a"
    anna.sh("echo mine > /data/before.txt")
    stateroom.revealed["anna CRM_API_KEY"] = value
    stateroom.cli("secrets", "set", SLUG, "CRM_API_KEY", given=value)
    stateroom.ready(SLUG)
    assert anna.environment()["CRM_API_KEY"] == value
    assert anna.environment()["STATEROOM_TENANT"] == SLUG
    assert anna.started[0] == container
    assert anna.started[1] != started
    assert anna.sh("cat /data/before.txt") == "mine"
    listed = stateroom.api("GET", f"/tenants/{SLUG}/secrets")
    assert [one["name"] for one in listed.json()["items"]] == ["CRM_API_KEY"]
    here = f"/tenants/{SLUG}"
    for path in (here, f"{here}/secrets", f"{here}/events", f"{here}/logs", "/plan", "/events"):
        assert value not in stateroom.api("GET", path).text


def test_limits_change_in_place(stateroom: Stateroom, anna: Agent) -> None:
    """CPU, memory and pids of a running container are what was asked for, with no restart. More
    cores than booting is given: less would not show before the boost has ended."""
    before = anna.started
    stateroom.cli(
        "tenants", "set", SLUG, "--limit", "cpu=2.5", "--limit", "memory_mb=1600",
        "--limit", "pids=400", "--wait",
    )  # fmt: skip
    host = anna.inspect()["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 1600 * 2**20
    assert host["PidsLimit"] == 400
    assert host["CpuQuota"] == 2.5 * host["CpuPeriod"]
    assert anna.started == before
    stateroom.change(SLUG, {"limits": {"cpu": None, "memory_mb": None, "pids": None}})
    assert anna.inspect()["HostConfig"]["Memory"] == 1536 * 2**20


def test_too_many_requests_are_told_when_to_come_back(stateroom: Stateroom, anna: Agent) -> None:
    """Over its own rate a tenant gets 429 with Retry-After, while another one is served; with
    the old limit back it is served again."""
    assert anna.slug == SLUG
    stateroom.change(SLUG, {"limits": {"requests_per_minute": 5}})
    with stateroom.door(SLUG) as door, stateroom.door("globex") as other:
        answers = [door.models() for _ in range(12)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert int(refused[0].headers["retry-after"]) >= 1
        assert refused[0].headers["content-type"].startswith("application/problem+json")
        assert other.models().status_code == 200
        stateroom.change(SLUG, {"limits": {"requests_per_minute": None}})
        assert door.models().status_code == 200


def test_suspended_and_resumed(stateroom: Stateroom, anna: Agent) -> None:
    """A suspended tenant has no running process and its URL says 503 with Retry-After, to
    programs as problem+json and to people as a page; resumed, it answers with its data, on the
    larger disk that it was given meanwhile."""
    anna.sh("echo precious > /data/kept.txt")
    size = anna.disk_mb()
    with stateroom.door(SLUG) as door:
        stateroom.cli("tenants", "suspend", SLUG, "--wait")
        assert not anna.inspect()["State"]["Running"]
        refused = door.models()
        assert refused.status_code == 503
        assert "retry-after" in refused.headers
        assert refused.json()["status"] == 503
        with signed_in(stateroom) as browser:
            page = browser.get("/", headers=PERSON)
            assert page.status_code == 503
            assert page.headers["content-type"].startswith("text/html")
        stateroom.cli("tenants", "set", SLUG, "--limit", "disk_mb=320")
        stateroom.cli("tenants", "resume", SLUG, "--wait")
        assert door.is_there()
    assert anna.disk_mb() >= size + 50
    assert anna.sh("cat /data/kept.txt") == "precious"


PERSON = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def signed_in(stateroom: Stateroom) -> Client:
    """A browser's session without a browser: the cookie that a one-time link gives."""
    link = stateroom.access(SLUG)["open_url"]
    door = stateroom.door(SLUG, "")
    entered = door.http.get(link, headers=PERSON)
    assert entered.status_code == 303, entered.text
    return door


def test_logs_events_and_usage(stateroom: Stateroom, anna: Agent) -> None:
    """The runtime's own lines, what happened to the tenant, and what it used: for people, as
    JSON, and as a stream that begins at once and can be resumed."""
    assert "gateway" in stateroom.cli("tenants", "logs", SLUG, "--tail", "200").out
    events = stateroom.api("GET", f"/tenants/{SLUG}/events", tail=1000).json()["items"]
    phases = [e["data"].get("phase") for e in events if e["kind"] == "tenant"]
    assert {"starting", "ready", "suspended"} <= set(phases)
    first = streamed(stateroom, f"/tenants/{SLUG}/events", {})
    resumed = streamed(stateroom, f"/tenants/{SLUG}/events", {"Last-Event-ID": first["id"]})
    assert int(resumed["id"]) > int(first["id"])
    with stateroom.door(SLUG) as door:
        door.chat("count me")
    used: dict[str, object] = {}

    def counted() -> bool:
        used.update(stateroom.api("GET", f"/tenants/{SLUG}/usage").json())
        days = used["days"]
        return isinstance(days, list) and bool(days) and days[-1]["requests"] > 0

    eventually(counted)
    now = used["now"]
    assert isinstance(now, dict)
    assert now["memory_mb"] > 200
    assert now["disk_mb"] > 1
    assert 5 < now["pids"] < 400
    assert now["requests_per_minute"] > 0
    assert anna.cabin


def streamed(stateroom: Stateroom, path: str, headers: dict[str, str]) -> dict[str, str]:
    """The first event of a stream."""
    key = (stateroom.home / "admin.key").read_text().strip()
    wanted = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream", **headers}
    found: dict[str, str] = {}
    with (
        httpx.Client(timeout=30.0, trust_env=False) as http,
        http.stream("GET", stateroom.url + path, headers=wanted) as response,
    ):
        for line in response.iter_lines():
            name, colon, value = line.partition(": ")
            if colon and name:
                found[name] = value
            if not line and "data" in found:
                break
    assert json.loads(found["data"])
    return found


def test_a_rotated_token_opens_nothing_any_more(stateroom: Stateroom, anna: Agent) -> None:
    """After a rotation the new token is let in and the old one is not; the runtime goes on."""
    before = anna.started
    old = stateroom.access(SLUG)["api_token"]
    new = stateroom.rotate(SLUG)["api_token"]
    assert new != old
    with stateroom.door(SLUG, old) as door:
        eventually(lambda: door.models().status_code == 401)
    with stateroom.door(SLUG, new) as door:
        eventually(lambda: door.models().status_code == 200)
    assert anna.started == before


def test_a_tenants_key_opens_its_own_door_only(stateroom: Stateroom) -> None:
    """One tenant's token at the other's URL is 401, whichever way round, and so is none."""
    tokens = {slug: stateroom.access(slug)["api_token"] for slug in ("acme", "globex")}
    for slug, other in (("acme", "globex"), ("globex", "acme")):
        for token in (tokens[other], ""):
            with stateroom.door(slug, token) as door:
                assert door.models().status_code == 401
                assert door.asked("let me in").status_code == 401


def test_a_new_revision_is_deployed_to_all(stateroom: Stateroom, anna: Agent) -> None:
    """A blueprint's new default reaches its tenants by `deploy --wait`, with no restart where
    only content changed, and not the tenants of another blueprint."""
    before = anna.started
    shown = stateroom.api("GET", "/blueprints/small-agent").json()["document"]
    text = json.dumps(shown).replace("You help the customers of", "You advise the customers of")
    assert re.search("advise", text)
    saved = must(stateroom.api("PUT", "/blueprints/small-agent", json.loads(text))).json()
    assert saved["created"]
    stateroom.cli("blueprints", "deploy", "small-agent", "--wait")
    with stateroom.door(SLUG) as door:
        assert "You advise the customers of anna." in door.chat("whom do you help")
    assert anna.started == before
    assert stateroom.tenant(SLUG)["revision"] == saved["revision"]
    assert stateroom.tenant("acme")["blueprint"] == "support-agent"
    assert docker("inspect", "-f", "{{.State.Running}}", anna.holder) == "true"
