"""/volumes: disks that were kept when their tenant was deleted."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from stateroom.api import present
from stateroom.api.answers import VolumesOut
from stateroom.api.dependencies import Deps
from stateroom.api.keys import Operator

router = APIRouter(prefix="/volumes", tags=["volumes"])


@router.get("", response_model=VolumesOut)
async def list_volumes(deps: Deps, _caller: Operator) -> Any:
    """`POST /tenants {…, restore_volume: ID}` revives one."""
    found = await deps.repository.volumes.all()
    return {"items": [present.volume(record) for record in found]}


@router.delete("/{volume}", status_code=202)
async def delete(volume: str, deps: Deps, _caller: Operator) -> Response:
    """Erase a kept disk for good. Audited."""
    await deps.repository.volumes.delete(volume)
    deps.steward.signal()
    return Response(status_code=202)
