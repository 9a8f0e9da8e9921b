"""Two people edit the same blueprint: nobody's work is overwritten."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.deploying import deploy, roll_out
from tests.e2e.console.documents import document, with_memory
from tests.e2e.console.looking import glance
from tests.e2e.console.person import Person
from tests.e2e.talk import must


def test_the_second_one_sees_it_and_both_changes_stand(people: Callable[[], Person]) -> None:
    """Both begin from revision 1. One deploys a change; the other, who has one of another place, is
    told, compares, and deploys on top: the last revision has both."""
    one, other = people(), people()
    must(one.stateroom.api("PUT", "/blueprints/shared", document("shared")))
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

    both = options_of(one, "shared")
    assert both["agent"]["memory_mb"] == 1664
    assert both["data"]["size_mb"] == 320


def test_who_did_not_hear_of_it_overwrites_nothing(people: Callable[[], Person]) -> None:
    """The second one presses Deploy before the news came: nothing is saved, and the panel shows
    both and asks which of the two shall stand."""
    late = people()
    stateroom, mine = late.stateroom, document("unheard")
    must(stateroom.api("PUT", "/blueprints/unheard", mine))
    # The browser hears nothing of the other one until it asks.
    late.page.route(re.compile("/api/v1/events"), lambda route: route.abort())
    late.go("/blueprints/unheard")
    Canvas(late).options("data").get_by_label("Size MiB", exact=True).fill("384")
    must(stateroom.api("PUT", "/blueprints/unheard", with_memory(mine, 1920)))

    deploy(late)
    expect(late.dialog).to_contain_text("Somebody saved revision 2 while you edited revision 1")
    expect(late.dialog.get_by_label("What they changed")).to_contain_text("1920")
    expect(late.dialog.get_by_label("What you changed")).to_contain_text("384")
    glance(late.page, "conflict")
    assert "384" not in str(must(stateroom.api("GET", "/blueprints/unheard")).json())

    late.dialog.get_by_role("button", name="Put mine on top of theirs").click()
    deploy(late, is_open=True)
    roll_out(late, "Revision 3 is deployed")
    options = options_of(late, "unheard")
    assert options["agent"]["memory_mb"] == 1920
    assert options["data"]["size_mb"] == 384


def options_of(person: Person, name: str) -> dict[str, dict[str, object]]:
    saved = must(person.stateroom.api("GET", f"/blueprints/{name}")).json()["document"]
    return {block["id"]: block["options"] for block in saved["blocks"]}
