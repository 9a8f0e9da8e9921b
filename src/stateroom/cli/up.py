"""`stateroom up`: from a machine with Docker to two tenants that answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stateroom.cli.console import new_link
from stateroom.cli.failure import Code, Failure
from stateroom.cli.machine import read_settings, trouble_told
from stateroom.cli.options import Json
from stateroom.cli.paths import path
from stateroom.cli.progress import Progress
from stateroom.cli.session import Session, reporting, session
from stateroom.cli.waiting import Goal, phase_of, wait_for

if TYPE_CHECKING:
    from stateroom.installation.bring_up import Raised
    from stateroom.settings import Settings

SAMPLE = "support-agent"
SAMPLE_TENANTS = ("acme", "globex")
READY_WITHIN = 300.0
NOTICED_WITHIN = 40.0
"""How long an image that this `up` obtained may take to be seen by the steward."""


def register(app: typer.Typer) -> None:
    app.command()(up)


def up(
    empty: Annotated[
        bool, typer.Option("--empty", help="Start without the sample blueprint and its tenants.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Start Stateroom on this machine; again: put right what is missing, change nothing else.

    Obtains the images, makes $STATEROOM_HOME with its keys and certificates, starts our own
    parts and, unless --empty, deploys the sample blueprint `support-agent` for the tenants
    `acme` and `globex`.

    \b
    Examples:
      stateroom up
      stateroom up --empty
    """
    from stateroom.cli.screen import Screen

    screen = Screen(as_json)
    progress = Progress(screen, "up")
    with reporting(screen), progress.shown():
        settings = read_settings()
        with trouble_told():
            raised = asyncio.run(_raise_parts(settings, progress))
    with session(as_json) as s:
        tenants = [] if empty else _sample(s, settings, progress)
        _tell(s, settings, raised, tenants, progress)


async def _raise_parts(settings: Settings, progress: Progress) -> Raised:
    from aiodocker import Docker

    from stateroom.installation import bring_up, host_check, images, machine, own_home
    from stateroom.layout import Layout

    # Before minutes are spent on images.
    own_home.must_be_fit(Layout(settings.home))
    machine.known_installation(Layout(settings.home))
    docker = Docker(settings.docker)
    try:
        await host_check.must_be_fit(docker)
        found = await images.obtain(docker, settings, progress.say)
        return await bring_up.bring_up(docker, settings, found, progress.say)
    finally:
        await docker.close()


def _sample(s: Session, settings: Settings, progress: Progress) -> list[Mapping[str, Any]]:
    progress.say(f"blueprint {SAMPLE}")
    have_blueprint(s)
    for slug in SAMPLE_TENANTS:
        _have_tenant(s, slug)
    ready: list[Mapping[str, Any]] = []
    for slug in SAMPLE_TENANTS:
        tenant = s.api.get_object(path("tenants", slug))
        if phase_of(tenant) != "suspended":
            goal = Goal(patience=NOTICED_WITHIN)
            ready.append(wait_for(s, slug, goal, READY_WITHIN))
            _must_answer(s, slug, settings)
    return ready


def have_blueprint(s: Session) -> None:
    """Saved and deployed once. Afterwards it is the operator's: what they changed in it stays,
    and what they did not deploy yet is not deployed by this."""
    where = path("blueprints", SAMPLE)
    try:
        known = s.api.get_object(where)
    except Failure as failure:
        if failure.code is not Code.NOT_FOUND:
            raise
        document = files("stateroom").joinpath(f"templates/{SAMPLE}.yaml").read_text()
        known = s.api.send_document("PUT", where, document, "application/yaml")
    if known.get("revision") == 1 and not known.get("deployed_revision"):
        s.api.post(path("blueprints", SAMPLE, "deploy"), {"revision": 1})


def _have_tenant(s: Session, slug: str) -> None:
    """Taken already means that it was made by an earlier `up`: it is left as it is."""
    try:
        s.api.post("/tenants", {"slug": slug, "blueprint": SAMPLE, "name": slug.capitalize()})
    except Failure as failure:
        if failure.answer.get("status") != 409:
            raise


def _must_answer(s: Session, slug: str, settings: Settings) -> None:
    """What the phase says is worth what the URL answers."""
    from stateroom.cli.client import Api
    from stateroom.cli.target import Target

    access = s.api.get_object(path("tenants", slug, "access"))
    target = Target(str(access["url"]).rstrip("/"), settings.home / "ca.pem", access["api_token"])
    tenant = Api(target, prefix="/v1")
    try:
        tenant.get("/models")
    finally:
        tenant.close()


_HOW_TO_SIGN_IN = "\n`stateroom console` makes a link that signs a browser in to the console."


def _tell(
    s: Session,
    settings: Settings,
    raised: Raised,
    tenants: list[Mapping[str, Any]],
    progress: Progress,
) -> None:
    # On the first start only: a link that nobody asked for would lie about afterwards.
    link = str(new_link(s)["url"]) if raised.is_new else ""
    console = f"{settings.console_url}/"
    urls = {str(tenant["slug"]): str(tenant["url"]) for tenant in tenants}
    if s.screen.as_json:
        s.screen.json(
            {
                "installation": raised.installation.id,
                "started": list(raised.changed),
                "console": console,
                **({"console_link": link} if link else {}),
                "tenants": urls,
                "seconds": round(progress.elapsed, 1),
            }
        )
        return
    s.screen.text(f"Stateroom is up after {progress.elapsed:.1f} s.\n")
    s.screen.facts([*urls.items(), ("console", console), ("sign in", link)])
    if link:
        s.screen.text("\nThe link signs one browser in to the console, once, within 15 minutes.")
    s.screen.text("`stateroom console` makes another link." if link else _HOW_TO_SIGN_IN)
    s.screen.text("\nNext:")
    first = next(iter(urls), "acme")
    for command in (
        f"tenants open {first}" if urls else "blueprints apply FILE",
        f"tenants set {first} prompt='Answer in one sentence.'" if urls else "blueprints list",
        f"tenants create initech --blueprint {SAMPLE} --wait" if urls else "status",
    ):
        s.screen.text(f"  stateroom {command}")
