"""A deploy that fails puts back what ran before, and says why."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.deploying import deploy, roll_out
from tests.e2e.console.documents import document
from tests.e2e.console.person import Person
from tests.e2e.talk import must


def test_a_failed_deploy_is_put_back(person: Person) -> None:
    """The canvas asks for a secret that the only tenant does not have: the roll-out stops, names
    tenant and secret, and puts the tenant back; it answers, with revision 1, and the edits that
    were deployed are still there to be mended. Who leaves the page finds how it ended."""
    stateroom, canvas = person.stateroom, Canvas(person)
    must(stateroom.api("PUT", "/blueprints/ship", document("ship")))
    must(stateroom.api("POST", "/blueprints/ship/deploy", {}))
    must(stateroom.api("POST", "/tenants", {"slug": "sailor", "blueprint": "ship"}))
    stateroom.ready("sailor")
    person.go("/blueprints/ship")
    canvas.options("crm").get_by_label("Required", exact=True).check()
    deploy(person)
    progress = roll_out(person, "Put back to revision 1")
    expect(progress).to_contain_text("sailor")
    expect(progress).to_contain_text("CRM_API_KEY")
    person.dialog.get_by_role("button", name="Done").click()
    expect(person.page.get_by_role("button", name="revision 2")).to_be_visible()

    tenant = stateroom.ready("sailor")
    assert tenant["revision"] == 1
    with stateroom.door("sailor") as door:
        assert door.chat("are you there?")
    person.reload()
    expect(canvas.frame).to_be_visible()
    person.sees("1 is deployed")
    saved = must(stateroom.api("GET", "/deployments?blueprint=ship&limit=1")).json()["items"][0]
    assert saved["state"] == "rolled_back"
    stateroom.remove("sailor")
