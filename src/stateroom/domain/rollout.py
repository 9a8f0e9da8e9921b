"""A roll-out: how tenants move to a revision, as a pure function of what was done and what is seen.

    rollout(as it is, tenants as they are seen, now) -> as it is afterwards, whom to move,
                                                        whom to put back

First a share (the canary), then, once that is well, the rest; how many boot at once is the
plan's affair. A failure stops it and puts back everybody whom it moved. It is asked again and
again, and trusts only its own record and what is seen: asked twice, it answers the same.

A tenant that was unwell before says nothing of the revision, so it does not stop a roll-out that
is well elsewhere. One that somebody changed by hand meanwhile is theirs, and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

READY_WITHIN = 600.0
"""Seconds from its turn until a tenant has to be ready. Two boots that never answer end within."""
WAVE = 100
"""Tenants that one step moves, so that no transaction is long; how many boot at once is the
plan's affair."""
DEATHS = 3
"""Ends of a runtime in a row after which a move has failed: one may be bad luck."""


class Stage(StrEnum):
    CANARY = "canary"
    ALL = "all"


class State(StrEnum):
    """FAILED: everybody is being put back, or, once it is finished, somebody could not be."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


class Move(StrEnum):
    """How far one tenant is."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    SUPERSEDED = "superseded"
    GONE = "gone"


OPEN = (Move.PENDING, Move.RUNNING)


@dataclass(frozen=True, slots=True)
class Member:
    """A tenant of a roll-out. before: the revision that it had. generation: the one that moving
    it, or putting it back, gave it; 0 while it was not touched. ailing: it was unwell before.
    turn_at: when its own change began, 0 while it waits. back: it is being put back."""

    tenant: str
    slug: str
    before: int
    canary: bool = False
    state: Move = Move.PENDING
    since: float = 0.0
    generation: int = 0
    ailing: bool = False
    turn_at: float = 0.0
    back: bool = False
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rollout:
    """everybody: it moves all of the blueprint, also who comes while it goes on. stopping:
    somebody asked to stop it. log: the last lines of what failed. finished_at: 0 until then."""

    id: str
    blueprint: str
    revision: int
    previous: int
    canary: str
    everybody: bool
    members: tuple[Member, ...]
    created_at: float
    stage: Stage = Stage.ALL
    state: State = State.RUNNING
    stopping: bool = False
    reason: str = ""
    log: tuple[str, ...] = ()
    finished_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A tenant as it is now; one that is not seen is gone. well: it answers, with all that was
    asked for. applied: the generation that it acts on. failing: why it does not get there by
    itself, "" while it may. by_runtime: what keeps it from there is its runtime, which ended or
    does not answer, so that its last words tell why. unwell: it serves, and something is wrong
    with it. waits: its turn has not come. copying: its disk is to be copied, or to be put back,
    first."""

    tenant: str
    slug: str
    blueprint: str
    revision: int
    suspended: bool = False
    well: bool = False
    applied: int = 0
    failing: str = ""
    by_runtime: bool = False
    unwell: bool = False
    waits: bool = False
    copying: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """rollout: as it is afterwards, but for what moving changes in a member. move, put_back: ids
    of tenants. culprit: the tenant whose last words belong into the log, "" where none
    says anything of the matter: a secret that is not set is not in what a runtime wrote."""

    rollout: Rollout
    move: tuple[str, ...] = ()
    put_back: tuple[str, ...] = ()
    culprit: str = ""


def rollout(before: Rollout, seen: Mapping[str, Seen], now: float) -> Decision:
    if before.finished_at:
        return Decision(before)
    if before.state is State.RUNNING:
        return _go_on(before, seen, now)
    return _put_back(before, seen, now)


def moved(member: Member, generation: int, now: float) -> Member:
    """After it was given the revision."""
    return replace(member, state=Move.RUNNING, since=now, generation=generation, turn_at=0.0)


def turned_back(member: Member, generation: int, now: float) -> Member:
    """After it was given the revision from before."""
    return replace(
        member, state=Move.FAILED, since=now, generation=generation, turn_at=0.0, back=True
    )


def refused(member: Member, reason: str, now: float) -> Member:
    """It cannot be given the revision at all."""
    return _settled(member, Move.FAILED, reason, now)


def _go_on(before: Rollout, seen: Mapping[str, Seen], now: float) -> Decision:
    members = tuple(_looked_at(m, seen.get(m.tenant), before, now) for m in before.members)
    going = replace(before, members=members)
    if before.stopping:
        return _turn_back(going, "It was stopped.", "", now)
    if (failed := _telling_failure(members)) is not None:
        return _give_up(going, failed, seen, now)
    if going.stage is Stage.CANARY:
        first = tuple(m for m in members if m.canary)
        if any(m.state in OPEN for m in first):
            return Decision(going, move=_pending(first))
        if (failed := _nobody_well(first)) is not None:
            return _give_up(going, failed, seen, now)
        going = replace(going, stage=Stage.ALL)
    members = (*members, *_newcomers(going, seen, now))
    going = replace(going, members=members)
    if any(m.state in OPEN for m in members):
        return Decision(going, move=_pending(members))
    if (failed := _nobody_well(members)) is not None:
        return _give_up(going, failed, seen, now)
    return Decision(replace(going, state=State.DONE, finished_at=now))


def _pending(members: Iterable[Member]) -> tuple[str, ...]:
    return tuple(m.tenant for m in members if m.state is Move.PENDING)[:WAVE]


def _telling_failure(members: Iterable[Member]) -> Member | None:
    return next((m for m in members if m.state is Move.FAILED and not m.ailing), None)


def _nobody_well(members: Sequence[Member]) -> Member | None:
    """One that failed, where nobody shows that the revision is not to blame."""
    if any(m.state is Move.DONE for m in members):
        return None
    return next((m for m in members if m.state is Move.FAILED), None)


def _newcomers(going: Rollout, seen: Mapping[str, Seen], now: float) -> tuple[Member, ...]:
    """Who came to the blueprint while the roll-out went on got the revision from before."""
    if not going.everybody:
        return ()
    known = {m.tenant for m in going.members}
    return tuple(
        Member(s.tenant, s.slug, s.revision, since=now)
        for s in sorted(seen.values(), key=lambda s: s.slug)
        if s.tenant not in known
        and s.blueprint == going.blueprint
        and s.revision != going.revision
    )


def _looked_at(member: Member, seen: Seen | None, of: Rollout, now: float) -> Member:
    if member.state in (Move.GONE, Move.SUPERSEDED):
        return member
    wanted = of.revision if member.generation else member.before
    if (left := _left(member, seen, of, wanted, now)) is not None:
        return left
    assert seen is not None
    if member.state is Move.PENDING:
        return replace(member, ailing=bool(seen.failing) or seen.unwell)
    if member.state is not Move.RUNNING:
        return member
    if seen.suspended:
        told = "It is suspended; it runs this revision once it is resumed."
        return _settled(member, Move.DONE, told, now)
    if seen.well and seen.applied >= member.generation:
        return _settled(member, Move.DONE, "", now)
    if seen.failing:
        return _settled(member, Move.FAILED, seen.failing, now)
    begun = _begun(member, seen, now)
    if not _is_late(begun, now):
        return begun
    told = f"It was not ready within {READY_WITHIN / 60:.0f} minutes: {_why(seen)}"
    return _settled(member, Move.FAILED, told, now)


def _why(seen: Seen) -> str:
    return seen.failing or seen.reason or "its runtime does not answer"


def _left(member: Member, seen: Seen | None, of: Rollout, wanted: int, now: float) -> Member | None:
    """Who is no longer the roll-out's, None where it still is."""
    if seen is None:
        return _deleted(member, now)
    if seen.blueprint != of.blueprint:
        told = f"It was moved to the blueprint {seen.blueprint}."
        return _settled(member, Move.SUPERSEDED, told, now)
    if seen.revision != wanted:
        told = f"It was moved to revision {seen.revision}."
        return _settled(member, Move.SUPERSEDED, told, now)
    return None


def _begun(member: Member, seen: Seen, now: float) -> Member:
    """Time counts from its own turn, and not while a disk is copied, which takes as long as it
    is large."""
    if member.turn_at or seen.waits or seen.copying:
        return member
    return replace(member, turn_at=now)


def _is_late(member: Member, now: float) -> bool:
    return member.turn_at > 0 and now - member.turn_at >= READY_WITHIN


def _settled(member: Member, state: Move, reason: str, now: float) -> Member:
    return replace(member, state=state, since=now, reason=reason)


def _deleted(member: Member, now: float) -> Member:
    return _settled(member, Move.GONE, "The tenant was deleted.", now)


def _give_up(
    going: Rollout, failed: Member, seen: Mapping[str, Seen], now: float
) -> Decision:
    said = seen.get(failed.tenant)
    culprit = failed.tenant if said is not None and said.by_runtime else ""
    return _turn_back(going, f"{failed.slug}: {failed.reason}", culprit, now)


def _turn_back(going: Rollout, reason: str, culprit: str, now: float) -> Decision:
    """Whom it moved, and who is still where it moved them, gets the revision from before."""
    put_back = tuple(
        m.tenant
        for m in going.members
        if m.generation and m.state in (Move.RUNNING, Move.DONE, Move.FAILED)
    )
    members = tuple(
        replace(m, reason="The roll-out ended before its turn.") if m.state is Move.PENDING else m
        for m in going.members
    )
    stopped = replace(going, members=members, state=State.FAILED, reason=reason)
    if not put_back:
        return Decision(replace(stopped, state=State.ROLLED_BACK, finished_at=now), (), (), culprit)
    return Decision(stopped, (), put_back, culprit)


def _put_back(before: Rollout, seen: Mapping[str, Seen], now: float) -> Decision:
    members = tuple(
        _on_its_way_back(m, seen.get(m.tenant), before, now)
        if m.back
        else _unless_deleted(m, seen, now)
        for m in before.members
    )
    going = replace(before, members=members)
    if any(m.back for m in members):
        return Decision(going)
    stuck = any(m.state is Move.FAILED and m.generation for m in members)
    return Decision(
        replace(going, state=State.FAILED if stuck else State.ROLLED_BACK, finished_at=now)
    )


def _unless_deleted(member: Member, seen: Mapping[str, Seen], now: float) -> Member:
    """One that nothing is done about any more: the end of a roll-out concerns who is there."""
    if member.tenant in seen or member.state in (Move.GONE, Move.SUPERSEDED):
        return member
    return _deleted(member, now)


def _on_its_way_back(member: Member, seen: Seen | None, of: Rollout, now: float) -> Member:
    """Why it failed stays its reason."""
    if (left := _left(member, seen, of, member.before, now)) is not None:
        return replace(left, back=False)
    assert seen is not None
    if seen.copying:
        # Its disk is put back later, too, once what keeps it from there has gone.
        return _not_back(member, seen, now) if seen.failing else member
    well = seen.well and seen.applied >= member.generation
    if well or seen.suspended or (member.ailing and seen.failing):
        return replace(member, state=Move.ROLLED_BACK, since=now, back=False)
    begun = _begun(member, seen, now)
    if not seen.failing and not _is_late(begun, now):
        return begun
    return _not_back(member, seen, now)


def _not_back(member: Member, seen: Seen, now: float) -> Member:
    told = f"It was put back and is not well: {_why(seen)}"
    return replace(member, since=now, back=False, reason=told)
