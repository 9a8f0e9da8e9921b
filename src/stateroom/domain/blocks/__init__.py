"""Block kinds: what can be drawn. One file each; this is the list of them."""

from __future__ import annotations

from stateroom.domain.blocks.egress import EGRESS
from stateroom.domain.blocks.kind import Kind
from stateroom.domain.blocks.model import MODEL
from stateroom.domain.blocks.openclaw import OPENCLAW
from stateroom.domain.blocks.prompt import PROMPT
from stateroom.domain.blocks.secret import SECRET
from stateroom.domain.blocks.service import SERVICE
from stateroom.domain.blocks.url import URL
from stateroom.domain.blocks.variables import VARIABLES
from stateroom.domain.blocks.volume import VOLUME

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (URL, OPENCLAW, MODEL, PROMPT, VOLUME, SECRET, VARIABLES, SERVICE, EGRESS)
}
ROOT = OPENCLAW
"""The block that every other one is linked with."""


def describe() -> dict[str, object]:
    """All kinds with their options and links as JSON, for the canvas and its forms."""
    return {"root": ROOT.name, "kinds": [kind.describe() for kind in KINDS.values()]}
