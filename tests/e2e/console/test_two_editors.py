"""Two people edit the same blueprint: nobody's work is overwritten."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.deploying import deploy, roll_out
from tests.e2e.console.person import Person
from tests.e2e.talk import must

DOCUMENT = {
    "name": "shared",
    "blocks": [
        {"id": "door", "kind": "url", "options": {}},
        {"id": "agent", "kind": "openclaw", "options": {"version": "2026.9.6", "memory_mb": 1536}},
        {"id": "brain", "kind": "model", "options": {"provider": "demo", "model": "demo-1"}},
        {"id": "data", "kind": "volume", "options": {"path": "/data", "size_mb": 256}},
    ],
    "links": [["door", "agent"], ["agent", "brain"], ["agent", "data"]],
}


def test_the_second_one_sees_it_and_both_changes_stand(people: Callable[..., Person]) -> None:
    """Both begin from revision 1. One deploys a change; the other, who has one of another place, is
    told, compares, and deploys on top: the last revision has both."""
    one, other = people(), people()
    must(one.stateroom.api("PUT", "/blueprints/shared", DOCUMENT))
    for person, memory in ((one, "1664"), (other, None)):
        person.go("/blueprints/shared")
        if memory:
            options = Canvas(person).options("agent")
            options.get_by_label("Memory MiB", exact=True).fill(memory)
        else:
            Canvas(person).options("data").get_by_label("Size MiB", exact=True).fill("320")
    deploy(one)
    roll_out(one, "Revision 2 is deployed")

    other.sees(re.compile("Somebody saved revision 2 while you edited revision 1"))
    expect(Canvas(other).block("data")).to_contain_text("320")
    other.press("Put mine on top and compare")
    changes = other.page.get_by_role("tabpanel")
    expect(changes).to_contain_text("320")
    expect(changes).not_to_contain_text("1664")
    expect(Canvas(other).block("agent")).to_contain_text("1664")
    deploy(other)
    roll_out(other, "Revision 3 is deployed")

    saved = must(one.stateroom.api("GET", "/blueprints/shared")).json()["document"]
    options = {block["id"]: block["options"] for block in saved["blocks"]}
    assert options["agent"]["memory_mb"] == 1664
    assert options["data"]["size_mb"] == 320


def test_who_did_not_hear_of_it_overwrites_nothing(people: Callable[..., Person]) -> None:
    """The second one presses Deploy before the news came: nothing is saved, and the panel asks
    which of the two shall stand."""
    stateroom = people().stateroom
    must(stateroom.api("PUT", "/blueprints/shared", {**DOCUMENT, "name": "shared"}))
    late = people()
    # The browser hears nothing of the other one until it asks.
    late.page.route(re.compile(r"/api/v1/events"), lambda route: route.abort())
    late.go("/blueprints/shared")
    Canvas(late).options("data").get_by_label("Size MiB", exact=True).fill("384")
    theirs = {**DOCUMENT, "blocks": [*DOCUMENT["blocks"][:1], agent(1920), *DOCUMENT["blocks"][2:]]}
    saved = must(stateroom.api("PUT", "/blueprints/shared", theirs)).json()["revision"]
    deploy(late)
    expect(late.dialog).to_contain_text(re.compile(f"revision {saved}"))
    now = must(stateroom.api("GET", "/blueprints/shared")).json()
    assert now["revision"] == saved
    assert "384" not in str(now["document"])


def agent(memory_mb: int) -> dict[str, object]:
    options = {"version": "2026.9.6", "memory_mb": memory_mb}
    return {"id": "agent", "kind": "openclaw", "options": options}
