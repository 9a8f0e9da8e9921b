"""service: another program beside the agent, in the same cabin: a private database, a browser.

It shares the agent's network namespace, so each reaches the other over localhost and nobody else
reaches either. Everything else it has of its own: user, disks, memory, environment, secrets.
"""

from __future__ import annotations

from dataclasses import replace

from stateroom.domain.blocks.draft import Draft, Placed, ServiceDraft
from stateroom.domain.blocks.kind import Kind, Options
from stateroom.domain.blocks.option import TEXT, Option, Type, Unique
from stateroom.domain.cabin import AGENT_PORT, UIDS_PER_CABIN
from stateroom.domain.runtime import HealthCheck

ROLES_OF_OURS = ("agent", "helper", "holder", "network")
MOST_ARGUMENTS = 100
ARGUMENT = Option(
    name="",
    type=Type.TEXT,
    title="Argument",
    help="One word of the command; no shell looks at it.",
    max_length=4_096,
    pattern=TEXT,
    rule="Leave out NUL and broken Unicode.",
    per_tenant=False,
)
_NAME = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
_ID = r"sha256:[0-9a-f]{64}"
# Begun with openclaw: it would be the agent's own image, which the version names.
IMAGE = (
    rf"^(?!openclaw:)({_ID}|{_NAME}(:[0-9]+)?(/{_NAME})*"
    rf"(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(@{_ID})?)$(?!\n)"
)


def _add(draft: Draft, options: Options, place: Placed) -> Draft:
    service = ServiceDraft(
        id=place.id,
        image=options.text("image"),
        command=options.entries("command"),
        health=_health(options),
        cpu=options.number("cpu"),
        memory_mb=options.whole("memory_mb"),
        pids=options.whole("pids"),
        user=options.whole("user"),
    )
    return replace(draft, services=(*draft.services, service))


def _health(options: Options) -> HealthCheck | None:
    match options.text("health"):
        case "port":
            return HealthCheck(port=options.whole("port"))
        case "command":
            return HealthCheck(command=options.entries("health_command"))
        case _:
            return None


SERVICE = Kind(
    name="service",
    title="Service",
    help="Any image beside the agent, which reaches it over localhost; nobody else does.",
    add=_add,
    reserved_ids=ROLES_OF_OURS,
    options=(
        Option(
            name="image",
            type=Type.TEXT,
            title="Image",
            help="What the container engine of this machine knows it by.",
            required=True,
            max_length=300,
            pattern=IMAGE,
            rule="A name with a tag, such as stateroom/postgresql:15, or an image's id.",
            hint="Say which image, for example stateroom/postgresql:15.",
            # Two tenants of one revision have the same shape, and an image is shape.
            per_tenant=False,
        ),
        Option(
            name="command",
            type=Type.LIST,
            title="Command",
            help="The program and its arguments. Not given: the image's own.",
            hint="Write each word as an entry, for example [postgres, -c, fsync=on].",
            min_length=1,
            max_length=MOST_ARGUMENTS,
            per_tenant=False,
            item=ARGUMENT,
        ),
        Option(
            name="port",
            type=Type.INTEGER,
            title="Port",
            help="Where it listens, on localhost.",
            minimum=1,
            maximum=65_535,
            hint="Give the port that the program listens on.",
            per_tenant=False,
            unique=Unique.BLUEPRINT,
            taken=((AGENT_PORT, "OpenClaw"),),
        ),
        Option(
            name="health",
            type=Type.TEXT,
            title="Health",
            help="port: it takes connections. command: a command ends with 0. Empty: it runs.",
            default="",
            choices=("", "port", "command"),
            per_tenant=False,
            needs=(("port", "port"), ("command", "health_command")),
        ),
        Option(
            name="health_command",
            type=Type.LIST,
            title="Health command",
            help="Run inside, again and again; 0 means that it is well.",
            hint="Write each word as an entry, for example [pg_isready, -q].",
            min_length=1,
            max_length=MOST_ARGUMENTS,
            per_tenant=False,
            item=ARGUMENT,
            only_for=("health", "command"),
        ),
        Option(
            name="cpu",
            type=Type.NUMBER,
            title="CPU cores",
            help="The most that it may use, beside what the agent may.",
            default=0.5,
            minimum=0.05,
            maximum=64,
        ),
        Option(
            name="memory_mb",
            type=Type.INTEGER,
            title="Memory (MiB)",
            help="A hard limit of its own; it counts for the tenant, beside the agent's.",
            default=256,
            minimum=16,
            maximum=1_048_576,
        ),
        Option(
            name="pids",
            type=Type.INTEGER,
            title="Processes and threads",
            help="How many may exist at once.",
            default=128,
            minimum=8,
            maximum=32_768,
        ),
        Option(
            name="user",
            type=Type.INTEGER,
            title="User",
            help="Which of the cabin's users it runs as and owns its disks as. Never change it.",
            default=1,
            minimum=1,
            maximum=UIDS_PER_CABIN - 1,
            hint="Give each service a number of its own.",
            per_tenant=False,
            unique=Unique.BLUEPRINT,
        ),
    ),
)
