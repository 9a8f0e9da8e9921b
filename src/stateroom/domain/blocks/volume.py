"""volume: the tenant's own disk with a hard quota. It only grows, and outlives its containers."""

from __future__ import annotations

from dataclasses import replace

from stateroom.domain.blocks.draft import Draft
from stateroom.domain.blocks.kind import Kind, Options
from stateroom.domain.blocks.option import Option, Type
from stateroom.domain.runtime import Volume

DATA = "/data"


def _add(draft: Draft, options: Options) -> Draft:
    path = options.text("path")
    disk = Volume(path.strip("/"), path, options.whole("size_mb"))
    return replace(draft, volumes=(*draft.volumes, disk))


VOLUME = Kind(
    name="volume",
    title="Volume",
    help="The tenant's own disk. Full, it hurts that tenant only.",
    at_least=1,
    at_most=1,
    add=_add,
    options=(
        Option(
            name="path",
            type=Type.TEXT,
            title="Path",
            help="Where it appears inside. OpenClaw keeps everything in /data.",
            default=DATA,
            choices=(DATA,),
            per_tenant=False,
        ),
        Option(
            name="size_mb",
            type=Type.INTEGER,
            title="Size (MiB)",
            help="A hard quota. It can be raised later, not lowered.",
            default=2048,
            minimum=64,
            maximum=4_194_304,
            limit="disk_mb",
        ),
    ),
)
