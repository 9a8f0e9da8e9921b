"""Roll-outs as a function: one step at a time, and whatever happens to the tenants meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stateroom.domain.canary import first, share_of
from stateroom.domain.rollout import (
    READY_WITHIN,
    WAVE,
    Decision,
    Member,
    Move,
    Rollout,
    Seen,
    Stage,
    State,
    moved,
    refused,
    rollout,
    turned_back,
)
from stateroom.errors import Invalid

OLD, NEW = 1, 2
NOW = 1000.0


def begun(*slugs: str, canary: int = 0, everybody: bool = False) -> Rollout:
    members = tuple(
        Member(f"t-{slug}", slug, OLD, place < canary) for place, slug in enumerate(slugs)
    )
    stage = Stage.CANARY if canary else Stage.ALL
    return Rollout("d1", "sample", NEW, OLD, str(canary or ""), everybody, members, NOW, stage)


class Fleet:
    """Tenants as a store would have them, and a roll-out of theirs that goes on step by step."""

    def __init__(self, going: Rollout) -> None:
        self.going = going
        self.now = NOW
        self.generation = 10
        self.seen = {
            m.tenant: Seen(m.tenant, m.slug, "sample", OLD, well=True, applied=1)
            for m in going.members
        }
        self.refusing: set[str] = set()

    def step(self) -> Decision:
        self.now += 1
        decision = rollout(self.going, self.seen, self.now)
        members = {m.tenant: m for m in decision.rollout.members}
        for tenant in decision.move:
            if tenant in self.refusing:
                members[tenant] = refused(members[tenant], "It does not fit.", self.now)
                continue
            members[tenant] = moved(members[tenant], self._revise(tenant, NEW), self.now)
        for tenant in decision.put_back:
            before = members[tenant].before
            members[tenant] = turned_back(members[tenant], self._revise(tenant, before), self.now)
        self.going = replace(decision.rollout, members=tuple(members.values()))
        return decision

    def _revise(self, tenant: str, number: int) -> int:
        self.generation += 1
        self.seen[tenant] = replace(self.seen[tenant], revision=number, well=False, failing="")
        return self.generation

    def steps(self, count: int = 6) -> None:
        for _ in range(count):
            self.step()

    def get(self, slug: str) -> Member:
        return next(m for m in self.going.members if m.slug == slug)

    def be(self, slug: str, **facts: object) -> None:
        tenant = f"t-{slug}"
        self.seen[tenant] = replace(self.seen[tenant], **facts)  # type: ignore[arg-type]

    def well(self, *slugs: str) -> None:
        for slug in slugs:
            self.be(slug, well=True, failing="", applied=self.generation)

    def states(self) -> list[str]:
        return [m.state.value for m in self.going.members]

    def revisions(self) -> list[int]:
        return [self.seen[m.tenant].revision for m in self.going.members]


def test_all_at_once_and_done() -> None:
    """Without a canary everybody is moved by the first step, and it is done when all are ready."""
    fleet = Fleet(begun("a", "b"))
    assert set(fleet.step().move) == {"t-a", "t-b"}
    fleet.well("a")
    fleet.step()
    assert (fleet.going.state, fleet.states()) == (State.RUNNING, ["done", "running"])
    fleet.well("b")
    fleet.step()
    assert (fleet.going.state, fleet.states()) == (State.DONE, ["done", "done"])
    assert fleet.going.finished_at == fleet.now
    assert fleet.step() == Decision(fleet.going)


def test_the_rest_waits_for_the_canary() -> None:
    """Nobody but the share is moved before every one of it is ready."""
    fleet = Fleet(begun("a", "b", "c", canary=2))
    fleet.step()
    fleet.well("a")
    fleet.steps()
    assert fleet.revisions() == [NEW, NEW, OLD]
    fleet.well("b")
    fleet.step()
    assert (fleet.going.stage, fleet.revisions()) == (Stage.ALL, [NEW, NEW, NEW])


def test_a_step_is_bounded() -> None:
    """Of a thousand tenants a wave is moved by each step, whoever is ready or not."""
    fleet = Fleet(begun(*(f"s{n:04}" for n in range(2 * WAVE + 1))))
    assert [len(fleet.step().move) for _ in range(4)] == [WAVE, WAVE, 1, 0]


def test_a_failure_puts_back_everybody_who_was_moved() -> None:
    """Also those who were done; why it failed stays with the one and is the reason of the whole."""
    fleet = Fleet(begun("a", "b", "c", canary=2))
    fleet.step()
    fleet.well("a")
    fleet.be("b", failing="its runtime ended 3 times in a row", by_runtime=True)
    decision = fleet.step()
    assert (set(decision.put_back), decision.culprit) == ({"t-a", "t-b"}, "t-b")
    assert fleet.going.state is State.FAILED and not fleet.going.finished_at
    fleet.well("a", "b")
    fleet.step()
    assert (fleet.going.state, fleet.revisions()) == (State.ROLLED_BACK, [OLD, OLD, OLD])
    assert fleet.states() == ["rolled_back", "rolled_back", "pending"]
    assert fleet.going.reason == "b: its runtime ended 3 times in a row"
    assert fleet.get("b").reason == "its runtime ended 3 times in a row"


def test_a_failure_that_is_not_the_runtimes_has_no_last_words() -> None:
    """What a runtime wrote before says nothing of a secret that is not set, or of values that do
    not fit: the reason alone does."""
    blocked = Fleet(begun("a"))
    blocked.step()
    blocked.be("a", failing="it needs the secret KEY: set it")
    assert blocked.step().culprit == ""
    assert blocked.going.reason == "a: it needs the secret KEY: set it"
    unfit = Fleet(begun("a"))
    unfit.refusing.add("t-a")
    unfit.step()
    assert unfit.step().culprit == ""
    assert unfit.going.reason == "a: It does not fit."


def test_stopped_is_put_back() -> None:
    """Somebody stops it: like a failure that is nobody's; again changes nothing."""
    fleet = Fleet(begun("a", "b"))
    fleet.step()
    fleet.going = replace(fleet.going, stopping=True)
    assert fleet.step().culprit == ""
    fleet.well("a", "b")
    fleet.steps()
    assert (fleet.going.state, fleet.revisions()) == (State.ROLLED_BACK, [OLD, OLD])


def test_stopped_before_anybody_was_moved() -> None:
    """There is nothing to put back, and it is over."""
    fleet = Fleet(replace(begun("a"), stopping=True))
    fleet.step()
    assert (fleet.going.state, fleet.going.finished_at > 0) == (State.ROLLED_BACK, True)


def test_who_was_changed_by_hand_is_left_alone() -> None:
    """Moved on or to another blueprint: superseded; deleted: gone. Neither is put back."""
    fleet = Fleet(begun("a", "b", "c", "d"))
    fleet.step()
    fleet.be("a", revision=7)
    fleet.be("b", blueprint="other")
    del fleet.seen["t-c"]
    fleet.be("d", failing="it crashed")
    assert fleet.step().put_back == ("t-d",)
    assert fleet.states()[:3] == ["superseded", "superseded", "gone"]


def test_the_suspended_move_and_are_not_waited_for() -> None:
    """They are put back, too."""
    fleet = Fleet(begun("a", "b"))
    fleet.be("a", suspended=True)
    fleet.step()
    fleet.step()
    assert fleet.states() == ["done", "running"]
    fleet.be("b", failing="it crashed")
    assert set(fleet.step().put_back) == {"t-a", "t-b"}
    fleet.well("b")
    fleet.steps()
    assert (fleet.going.state, fleet.revisions()) == (State.ROLLED_BACK, [OLD, OLD])


def test_time_counts_from_its_turn() -> None:
    """Who waits for others to boot, or for its disk to be copied, is not late; who had its turn
    and is not ready in time has failed, with what it said last."""
    fleet = Fleet(begun("a"))
    fleet.step()
    fleet.be("a", waits=True)
    fleet.step()
    fleet.now += 10 * READY_WITHIN
    fleet.step()
    fleet.be("a", waits=False, copying=True)
    fleet.now += 10 * READY_WITHIN
    fleet.step()
    assert fleet.states() == ["running"]
    fleet.be("a", copying=False, reason="its runtime is starting")
    fleet.step()
    fleet.now += READY_WITHIN
    fleet.step()
    assert fleet.going.reason == (
        "a: It was not ready within 10 minutes: its runtime is starting"
    )


def test_one_that_was_unwell_before_stops_nothing() -> None:
    """Another shows that the revision is good; alone it shows nothing, and is put back."""
    fleet = Fleet(begun("a", "b"))
    fleet.be("a", failing="its disk is full", well=False)
    fleet.step()
    fleet.be("a", failing="its disk is full")
    fleet.well("b")
    fleet.steps(2)
    assert (fleet.going.state, fleet.states()) == (State.DONE, ["failed", "done"])
    alone = Fleet(begun("a"))
    alone.be("a", unwell=True, well=False)
    alone.step()
    alone.be("a", failing="its disk is full")
    alone.step()
    assert alone.going.state is State.FAILED
    alone.be("a", failing="its disk is full")
    alone.steps(2)
    assert (alone.going.state, alone.revisions()) == (State.ROLLED_BACK, [OLD])


def test_who_comes_meanwhile_is_moved_too() -> None:
    """A roll-out to everybody means whoever is there at its end; one to some does not."""
    for everybody, expected in ((True, ["t-new"]), (False, [])):
        fleet = Fleet(begun("a", everybody=everybody))
        fleet.step()
        fleet.seen["t-new"] = Seen("t-new", "new", "sample", OLD)
        fleet.seen["t-strange"] = Seen("t-strange", "strange", "other", OLD)
        fleet.well("a")
        assert list(fleet.step().move) == expected


def test_one_that_cannot_be_moved_ends_it() -> None:
    """It was changed since, and does not fit any more: whoever was moved is put back."""
    fleet = Fleet(begun("a", "b", canary=1))
    fleet.step()
    fleet.well("a")
    fleet.refusing.add("t-b")
    fleet.steps(2)
    assert fleet.going.reason == "b: It does not fit."
    fleet.well("a")
    fleet.steps()
    assert (fleet.going.state, fleet.revisions()) == (State.ROLLED_BACK, [OLD, OLD])


def test_who_does_not_come_back_is_told() -> None:
    """The roll-out is over and failed, and the others are back."""
    fleet = Fleet(begun("a", "b"))
    fleet.step()
    fleet.be("a", failing="it crashed")
    fleet.step()
    fleet.well("b")
    fleet.be("a", failing="its disk is full")
    fleet.step()
    assert (fleet.going.state, fleet.states()) == (State.FAILED, ["failed", "rolled_back"])
    assert fleet.going.finished_at
    assert fleet.get("a").reason == "It was put back and is not well: its disk is full"


def test_a_disk_that_is_still_put_back_is_waited_for() -> None:
    """Nobody is back before their disk is."""
    fleet = Fleet(begun("a"))
    fleet.step()
    fleet.be("a", failing="it crashed")
    fleet.step()
    fleet.well("a")
    fleet.be("a", copying=True)
    fleet.step()
    assert fleet.states() == ["failed"]
    fleet.be("a", copying=False)
    fleet.step()
    assert fleet.states() == ["rolled_back"]


def test_a_disk_that_cannot_be_put_back_ends_it() -> None:
    """It is told, and the roll-out is over: nobody waits for ever, be it one that was unwell
    before, or is suspended."""
    fleet = Fleet(begun("a", "b", "c"))
    fleet.be("b", unwell=True)
    fleet.step()
    fleet.be("a", failing="it crashed")
    fleet.step()
    assert [m.back for m in fleet.going.members] == [True] * 3
    for slug in "abc":
        fleet.be(slug, copying=True, failing="it needs the secret KEY: set it")
    fleet.be("c", suspended=True)
    fleet.step()
    assert (fleet.going.state, fleet.states()) == (State.FAILED, ["failed"] * 3)
    assert fleet.going.finished_at
    told = {m.reason for m in fleet.going.members}
    assert told == {"It was put back and is not well: it needs the secret KEY: set it"}


def test_who_is_deleted_while_others_are_put_back_is_gone() -> None:
    """Also one whose turn had not come, or who is back already: when it ends, all who are not
    gone are there."""
    fleet = Fleet(begun("a", "b", "c", "d", canary=3))
    fleet.step()
    fleet.be("a", failing="it crashed")
    fleet.step()
    fleet.well("b")
    fleet.be("c", failing="its disk is full")
    fleet.step()
    assert fleet.states() == ["failed", "rolled_back", "failed", "pending"]
    for slug in "bcd":
        del fleet.seen[f"t-{slug}"]
    fleet.step()
    assert fleet.states() == ["failed", "gone", "gone", "gone"]
    fleet.well("a")
    fleet.step()
    assert (fleet.going.state, fleet.states()[0]) == (State.ROLLED_BACK, "rolled_back")


@pytest.mark.parametrize(
    ("given_", "of_ten"),
    [("10%", 1), ("11%", 2), ("1%", 1), ("99%", 0), ("3", 3), (3, 3), ("10", 0), ("", 0),
     (None, 0), ("100%", 0)],
)  # fmt: skip
def test_a_share_is_rounded_up(given_: str | int | None, of_ten: int) -> None:
    """At least one; a share that is everybody is none, since nothing would come after it."""
    slugs = [f"s{n}" for n in range(10)]
    assert first(share_of(given_), slugs) == frozenset(slugs[:of_ten])


@pytest.mark.parametrize("given_", ["0", "-1", "101%", "10 %", "ten", "1e3", "10%\n5", 0, "%"])
def test_no_share_is_told(given_: str | int) -> None:
    """With what would be one."""
    with pytest.raises(Invalid) as refusal:
        share_of(given_)
    assert refusal.value.problems[0].pointer == "/canary"


EVENTS = ("well", "fails", "suspend", "resume", "by hand", "delete", "copying", "copied", "stop",
          "late", "step", "step", "again")  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.integers(1, 6),
    st.integers(0, 4),
    st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 5)), max_size=40),
)
def test_whatever_happens(size: int, canary: int, told: list[tuple[str, int]]) -> None:
    """Never more than the share is moved before the gate; nobody who was changed by hand is
    touched; a step that is taken twice moves nobody twice; and once all are well it is over, with
    everybody on the new revision or everybody who was moved on the old one."""
    slugs = [f"s{n}" for n in range(size)]
    share = canary if canary < size else 0
    fleet = Fleet(begun(*slugs, canary=share))
    by_hand: set[str] = set()

    def check(decision: Decision) -> None:
        assert not by_hand.intersection((*decision.move, *decision.put_back))
        if fleet.going.stage is Stage.CANARY:
            touched = {m.tenant for m in fleet.going.members if m.generation}
            assert touched <= {f"t-{slug}" for slug in slugs[:share]}

    for event, place in told:
        slug = slugs[place % size]
        tenant = f"t-{slug}"
        if event == "step":
            check(fleet.step())
        elif event == "again":
            check(fleet.step())
            again = rollout(fleet.going, fleet.seen, fleet.now)
            assert not set(again.move) & {m.tenant for m in fleet.going.members if m.generation}
        elif event == "stop":
            fleet.going = replace(fleet.going, stopping=True)
        elif event == "late":
            fleet.now += READY_WITHIN
        elif tenant not in fleet.seen:
            continue
        elif event == "delete":
            del fleet.seen[tenant]
            by_hand.add(tenant)
        elif event == "by hand":
            fleet.be(slug, revision=9)
            by_hand.add(tenant)
        elif event == "well":
            fleet.well(slug)
        else:
            facts = {
                "fails": {"failing": "it crashed", "well": False},
                "suspend": {"suspended": True},
                "resume": {"suspended": False},
                "copying": {"copying": True},
                "copied": {"copying": False},
            }[event]
            fleet.be(slug, **facts)
    for _ in range(4 * size + 8):
        for tenant in fleet.seen:
            fleet.seen[tenant] = replace(
                fleet.seen[tenant], well=True, failing="", unwell=False, copying=False,
                applied=fleet.generation,
            )  # fmt: skip
        check(fleet.step())
    assert fleet.going.finished_at
    mine = [m for m in fleet.going.members if m.tenant not in by_hand]
    found = {fleet.seen[m.tenant].revision for m in mine}
    if fleet.going.state is State.DONE:
        assert found <= {NEW}
    else:
        assert found <= {OLD}
    for member in mine:
        assert member.state in (Move.DONE, Move.ROLLED_BACK, Move.PENDING, Move.FAILED)
