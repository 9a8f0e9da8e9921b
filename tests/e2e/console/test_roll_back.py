"""A deploy that fails puts back what ran before, and says why."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.console.canvas import Canvas
from tests.e2e.console.deploying import deploy, leave_to_be_erased, roll_out
from tests.e2e.console.looking import glance
from tests.e2e.console.person import Person


def test_a_failed_deploy_is_put_back(person: Person, ship: str) -> None:
    """The canvas asks for a secret that the only tenant does not have: the roll-out stops, names
    tenant and secret, and puts the tenant back; it answers, with revision 1, and the edits that
    were deployed are still there to be mended. Who leaves the page finds how it ended."""
    stateroom, canvas = person.stateroom, Canvas(person)
    stateroom.ready(ship)
    person.go("/blueprints/ship")
    canvas.options("crm").get_by_label("Required", exact=True).check()
    deploy(person)
    progress = roll_out(person, "Put back to revision 1")
    expect(progress).to_contain_text(ship)
    expect(progress).to_contain_text("CRM_API_KEY")
    glance(person.page, "put-back")
    person.dialog.get_by_role("button", name="Done").click()
    expect(person.page.get_by_role("button", name="revision 2")).to_be_visible()

    assert stateroom.ready(ship)["revision"] == 1
    with stateroom.door(ship) as door:
        assert door.is_there()
    person.reload()
    expect(canvas.frame).to_be_visible()
    person.sees("1 is deployed")
    person.go("/")
    person.sees("Put back to revision 1")
    leave_to_be_erased(stateroom, ship)
