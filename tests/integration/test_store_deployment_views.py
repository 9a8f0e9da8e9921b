"""Deployments as they are told: counted and cut short by the database."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from stateroom.domain.rollout import Member, Move
from stateroom.store import rows
from stateroom.store import tables as t
from stateroom.store.deployment_views import NEEDS_EYES
from tests.builders import drawn
from tests.integration.store_lab import Lab, lab

pytestmark = pytest.mark.usefixtures("either_database")

MEMBERS = 28


async def _deployed(it: Lab, blueprint: str, members: int, shift: int = 0) -> str:
    """A deployment whose members are in every state, some of them canaries; answers its id."""
    await it.store.blueprints.put(blueprint, drawn() | {"name": blueprint})
    slugs = [f"{blueprint}-{n:02}" for n in range(members)]
    for slug in slugs:
        await it.tenant(slug, blueprint=blueprint)
        await it.report(slug)
    await it.store.blueprints.put(blueprint, drawn(agent={"cpu": 2}) | {"name": blueprint})
    id_ = (await it.store.deployments.deploy(blueprint)).rollout.id
    m = t.deployment_tenants.c
    async with it.database.write() as connection:
        for n, slug in enumerate(slugs):
            state = list(Move)[(n + shift) % len(Move)]
            await connection.execute(
                update(t.deployment_tenants)
                .where(m.deployment == id_, m.slug == slug)
                .values(state=state.value, canary=n % 3 == 0)
            )
    return id_


def _expected(members: tuple[Member, ...], most: int) -> list[str]:
    if len(members) > most:
        key = lambda m: (NEEDS_EYES.index(m.state), not m.canary)  # noqa: E731
        members = tuple(sorted(members, key=key)[:most])
    return [member.slug for member in members]


async def test_the_first_are_told_and_all_are_counted(tmp_path: Path) -> None:
    """Of one and in a list alike: those who need eyes, canaries first, in their own order where
    all of them are told."""
    async with lab(tmp_path) as it:
        id_ = await _deployed(it, "sample", MEMBERS)
        it.clock.pass_(1)
        other = await _deployed(it, "other", 3, shift=2)
        whole = {one: await it.store.deployments.get(one) for one in (id_, other)}
        assert len(whole[id_].rollout.members) == MEMBERS
        for most in (0, 1, 3, 9, MEMBERS - 1, MEMBERS, 1000):
            listed = await it.store.deployments.newest(10, most=most)
            assert [view.rollout.id for view in listed] == [other, id_]
            alone = [await it.store.deployments.get(one, most) for one in (other, id_)]
            assert alone == list(listed)
            for view in listed:
                all_ = whole[view.rollout.id].rollout.members
                told = view.rollout.members
                assert [member.slug for member in told] == _expected(all_, most)
                assert view.counts == Counter(member.state for member in all_)
                assert set(view.statuses) == {member.tenant for member in told}


async def test_what_is_not_told_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many rows of members and of statuses come from the database as are told of."""
    read: Counter[str] = Counter()

    def counted(name: str) -> None:
        real = getattr(rows, name)

        def one(row: Any) -> Any:
            read[name] += 1
            return real(row)

        monkeypatch.setattr(rows, name, one)

    async with lab(tmp_path) as it:
        id_ = await _deployed(it, "sample", MEMBERS)
        for name in ("member", "status"):
            counted(name)
        await it.store.deployments.newest(10, most=4)
        assert read == {"member": 4, "status": 4}
        await it.store.deployments.get(id_, 2)
        assert read == {"member": 6, "status": 6}
        await it.store.deployments.newest(10, most=0)
        assert read == {"member": 6, "status": 6}
