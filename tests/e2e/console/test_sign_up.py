"""The page for a sign-up of the operator's own: its programs run as they are printed."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.console.deploying import leave_to_be_erased
from tests.e2e.console.person import Person
from tests.e2e.installation import Stateroom

PROGRAMS = {
    "curl": ("sign-up.sh", "sh"),
    "Python": ("sign_up.py", "python3"),
    "JavaScript": ("sign-up.mjs", "node"),
}


def test_each_program_creates_a_tenant_as_it_is_printed(person: Person, tmp_path: Path) -> None:
    """For the blueprint that is chosen there, with a value of its own: curl, Python and JavaScript
    are copied from the page, run without a change, and print the way in to a tenant that is ready
    and has that value."""
    stateroom, page = person.stateroom, person.page
    person.go("/sign-up?blueprint=small-agent")
    page.get_by_label("API address").fill(stateroom.url)
    page.get_by_text("Values (").click()
    page.get_by_label("prompt").first.fill("You were signed up by a program.")
    started = {}
    for language, (file, _) in PROGRAMS.items():
        page.get_by_label("Slug").fill(f"by-{language.lower()}")
        page.get_by_role("tab", name=language).click()
        text = page.get_by_label("The program").locator(".program pre")
        expect(text).to_contain_text(f"by-{language.lower()}")
        started[language] = tmp_path / file
        started[language].write_text(text.inner_text() + "\n")

    with ThreadPoolExecutor(len(started)) as pool:
        outs = pool.map(lambda one: run(stateroom, *one), started.items())
        said = dict(zip(started, outs, strict=True))
    for language, out in said.items():
        slug = f"by-{language.lower()}"
        assert f"https://{slug}.t.localhost:{stateroom.ports[0]}/.stateroom/" in out
        tenant = stateroom.ready(slug)
        assert tenant["own_values"] == {"prompt": "You were signed up by a program."}
        if language != "curl":  # whom the attacks begin with
            leave_to_be_erased(stateroom, slug)


def run(stateroom: Stateroom, language: str, file: Path) -> str:
    done = subprocess.run(
        [PROGRAMS[language][1], str(file)],
        capture_output=True, text=True, check=False, timeout=400, cwd=file.parent,
        env={"PATH": os.environ["PATH"], "STATEROOM_HOME": str(stateroom.home)},
    )  # fmt: skip
    assert done.returncode == 0, f"{language}: {done.stderr or done.stdout}"
    return done.stdout
