"""openclaw: the agent's runtime itself, one for each tenant, and what it may use up."""

from __future__ import annotations

from dataclasses import replace

from stateroom.domain.blocks.draft import Draft, Placed
from stateroom.domain.blocks.duration import DURATION, NEVER
from stateroom.domain.blocks.kind import Kind, Options
from stateroom.domain.blocks.option import Option, Type

FIXED_ENVIRONMENT = (
    ("HOME", "/data"),
    ("OPENCLAW_CONFIG_PATH", "/run/stateroom/openclaw.json"),
    ("OPENCLAW_DISABLE_BONJOUR", "1"),
    ("OPENCLAW_NO_RESPAWN", "1"),
    ("OPENCLAW_STATE_DIR", "/data"),
)
"""The same for every tenant: it is part of the shape."""


def _add(draft: Draft, options: Options, _: Placed) -> Draft:
    return replace(
        draft,
        image=image_reference(options.text("version")),
        runtime=options.text("runtime"),
        cpu=options.number("cpu"),
        memory_mb=options.whole("memory_mb"),
        pids=options.whole("pids"),
        tools=options.text("tools"),
    )


def image_reference(version: str) -> str:
    """The abstract reference that the steward resolves to an image of this machine."""
    return f"openclaw:{version}"


OPENCLAW = Kind(
    name="openclaw",
    title="OpenClaw",
    help="The agent's own runtime, in its own container. Everything else is linked with it.",
    links_from=("url",),
    at_least=1,
    at_most=1,
    add=_add,
    options=(
        Option(
            name="version",
            type=Type.TEXT,
            title="Version",
            help="Which OpenClaw. A change of it makes new containers.",
            required=True,
            max_length=40,
            # A Docker tag of its own shape: nothing here can name another image.
            pattern=r"^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$(?!\n)",
            rule='Three numbers with dots, in quotes, for example "2026.9.6".',
            hint='Say which one, for example "2026.9.6".',
            # Two tenants of one revision have the same shape, and an image is shape.
            per_tenant=False,
        ),
        Option(
            name="cpu",
            type=Type.NUMBER,
            title="CPU cores",
            help="The most that it may use. With less than one a start takes longer.",
            default=1.0,
            minimum=0.1,
            maximum=64,
            limit="cpu",
        ),
        Option(
            name="memory_mb",
            type=Type.INTEGER,
            title="Memory (MiB)",
            help="A hard limit. An OpenClaw at rest holds about 650 MiB, in use up to 1 GiB.",
            default=2048,
            minimum=768,
            maximum=1_048_576,
            hint="An OpenClaw needs 768 MiB to start; 2048 is a good choice.",
            limit="memory_mb",
        ),
        Option(
            name="pids",
            type=Type.INTEGER,
            title="Processes and threads",
            help="How many may exist at once.",
            default=512,
            minimum=64,
            maximum=32_768,
            hint="An OpenClaw needs 64 to start; 512 is a good choice.",
            limit="pids",
        ),
        Option(
            name="sleep_after",
            type=Type.TEXT,
            title="Sleep after",
            help="How long nobody has to ask it before it may sleep.",
            default=NEVER,
            pattern=DURATION,
            rule="A number with s, m, h or d, for example 15m, or never.",
            form="duration",
        ),
        Option(
            name="tools",
            type=Type.TEXT,
            title="Tools",
            help="OpenClaw's tools profile: what the agent may do besides answering.",
            default="minimal",
            choices=("minimal", "messaging", "coding", "full"),
        ),
        Option(
            name="runtime",
            type=Type.TEXT,
            title="OCI runtime",
            help="Another container runtime by name, such as kata. Empty: the engine's own.",
            default="",
            max_length=63,
            pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$(?!\n)",
            rule="The name that the container engine knows it by.",
            per_tenant=False,
        ),
    ),
)
