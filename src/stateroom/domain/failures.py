"""Which failures can be read off an inventory: a pure function, so that noticing twice, or
after a crash of ours, records the same failure once (`at` follows from the engine alone)."""

from __future__ import annotations

from collections.abc import Sequence

from stateroom.domain.instances import BOOT_DEADLINE, never_answered
from stateroom.domain.inventory import Instance, Inventory, State
from stateroom.domain.moments import latest_placed
from stateroom.domain.runtime import AGENT
from stateroom.domain.views import Views
from stateroom.domain.wish import Failure, Intent, Wish

REFUSED_CONFIGURATION = 78
"""How OpenClaw ends then; of a service it means whatever its image says."""
EXIT_MEANINGS = {
    137: "it was killed (exit 137)",
    139: "it crashed (exit 139)",
    143: "it was told to stop (exit 143)",
}


def noticed(
    now: float, wishes: Sequence[Wish], views: Views, in_flight: frozenset[str]
) -> dict[str, tuple[Failure, ...]]:
    """By cabin id, what its instances show, one failure each, and that is not recorded yet.
    Cabins with work in flight are left out: an instance that we stop is no failure."""
    found: dict[str, tuple[Failure, ...]] = {}
    for wish in wishes:
        if wish.intent is not Intent.RUN or wish.cabin.id in in_flight:
            continue
        view = views[wish.cabin.id]
        for one in view.judged:
            failure = _failure(now, wish, one.instance, view.inventory) if one.current else None
            if failure is not None and not _known(failure, wish):
                found[wish.cabin.id] = (*found.get(wish.cabin.id, ()), failure)
    return found


def _known(failure: Failure, wish: Wish) -> bool:
    return any(
        f.at == failure.at and f.kind == failure.kind and f.role == failure.role
        for f in wish.failures
    )


def _failure(now: float, wish: Wish, instance: Instance, inventory: Inventory) -> Failure | None:
    if instance.state is State.EXITED and instance.finished_at > 0:
        ours = latest_placed(now, wish.restart_at, wish.changed_at, *_work(wish))
        if instance.finished_at <= ours:
            return None
        detail = exit_sentence(instance)
        return Failure(
            instance.finished_at, instance.started_at, "exit", detail, role=instance.role
        )
    if instance.state is State.RUNNING and never_answered(now, instance, inventory):
        at = instance.started_at + BOOT_DEADLINE
        detail = f"it ran for {BOOT_DEADLINE:.0f} s without answering"
        return Failure(at, instance.started_at, "boot", detail)
    return None


def _work(wish: Wish) -> tuple[float, ...]:
    """When our own actions that failed had begun. What ended by itself before the newest of them
    was recorded by the pass that planned it; what was not had been stopped by us for it."""
    return tuple(f.began_at for f in wish.failures if f.kind in ("action", "grow"))


def exit_sentence(instance: Instance) -> str:
    if instance.oom_killed:
        limit = instance.resources.memory_mb
        raised = "limits.memory_mb" if instance.role == AGENT else "memory_mb of its block"
        return f"it ran out of memory ({limit} MiB; raise {raised})"
    if instance.exit_code == REFUSED_CONFIGURATION and instance.role == AGENT:
        return "OpenClaw refused its configuration (exit 78)"
    return EXIT_MEANINGS.get(instance.exit_code, f"it ended (exit {instance.exit_code})")
