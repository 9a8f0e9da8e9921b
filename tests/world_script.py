"""Worlds as text: a line is something that happens, `show` is the steward turning until nothing
is left to be done, printed pass by pass. Golden plans and the crash tests share these.

Lines: `create SLUG`, `set SLUG NAME=VALUE`, `limit SLUG NAME=NUMBER`, `secret SLUG NAME [file]`,
`unset SLUG NAME`, `restart SLUG [safe]`, `suspend SLUG`, `resume SLUG`, `delete SLUG keep|erase`,
`erase-volume SLUG`, `deploy VERSION [needy] [unpinned]`, `provider NAME`, `drop-provider NAME`;
`settle`, `turn`, `wait SECONDS`; `crash SLUG`, `oom SLUG`, `crashes SLUG TIMES`, `hang SLUG`,
`pause SLUG`, `lose-holder SLUG`, `lose-content`, `reboot`, `stranger SLUG`,
`fail VERB SLUG [AFTER]`,
`room MIB|plenty`, `orphan CABIN`, `forget SLUG`,
`firewall|edge|broker away|back`, `heal`.

Of services: `serve [image=REFERENCE] [size_mb=MIB] [mode=TEXT] [memory_mb=MIB]` deploys a revision
with the service `db` drawn so, `serve-no-more` one without; `crash SLUG 1 db`, `crashes SLUG TIMES
db`, `pause SLUG db`, `unwell SLUG ROLE`, `well SLUG ROLE`.

`copy-first` wants disks copied before whatever comes next, `upgrade VERSION` is a `deploy` with
that, `go-back` puts everybody back to revision 1, disks included, and `drop-copies` has done with
them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from stateroom.domain.cabin import Cabin
from stateroom.domain.inventory import Instance, State
from stateroom.domain.plan_text import render
from stateroom.domain.runtime import AGENT, Volume
from stateroom.errors import Retryable
from stateroom.steward.look import Look
from stateroom.steward.loop import TIMER
from tests.world import World, document, next_moment, pinned, served

PATIENCE = 40.0
"""Seconds that `show` waits for the next moment; the end of a boot's boost comes later."""


class Script:
    """shown: what `show` printed. cabins: by slug, also of tenants that are gone."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cabins: dict[str, str] = {}
        self.shown = ""

    async def run(self, text: str) -> None:
        for line in text.splitlines():
            words = line.split("#")[0].split()
            if words:
                verb = getattr(self, "_" + words[0].replace("-", "_"))
                outcome = verb(*words[1:])
                if outcome is not None:
                    await outcome

    # What operators do.

    def _create(self, slug: str) -> None:
        self.world.rows.create(slug, revision=self._newest())
        self.cabins[slug] = self.world.cabin_of(slug)

    def _newest(self) -> int:
        return max(number for _, number in self.world.rows.revisions)

    def _set(self, slug: str, pair: str) -> None:
        name, _, value = pair.partition("=")
        before = self.world.rows.named(slug).values
        self.world.rows.change(slug, values={**before, name: value})

    def _limit(self, slug: str, pair: str) -> None:
        name, _, value = pair.partition("=")
        before = self.world.rows.named(slug).limits
        number = float(value) if "." in value else int(value)
        self.world.rows.change(slug, limits={**before, name: number})

    def _secret(self, slug: str, name: str, kind: str = "env") -> None:
        self.world.rows.put_secret(slug, name, f"value of {name}", kind)

    def _unset(self, slug: str, name: str) -> None:
        self.world.rows.drop_secret(slug, name)

    def _restart(self, slug: str, safe: str = "") -> None:
        now = self.world.now
        self.world.rows.change(slug, restart_at=now, safe_mode=bool(safe))

    def _suspend(self, slug: str) -> None:
        self.world.rows.change(slug, suspended=True)

    def _resume(self, slug: str) -> None:
        self.world.rows.change(slug, suspended=False)

    def _delete(self, slug: str, data: str) -> None:
        self.world.rows.change(slug, deleting=data)

    def _erase_volume(self, slug: str) -> None:
        self.world.rows.erase_kept(self.cabins[slug])

    def _deploy(self, version: str, *how: str) -> None:
        """Everybody moves to a revision with another version of OpenClaw, so of another shape."""
        images = {} if "unpinned" in how else pinned(version)
        self._move(document(version, required="needy" in how), images)

    def _serve(self, *how: str) -> None:
        """Everybody moves to a revision with a service beside the agent."""
        given = dict(pair.split("=") for pair in how)
        facts = {name: int(text) if text.isdigit() else text for name, text in given.items()}
        drawing = served(**facts)  # type: ignore[arg-type]
        self._move(drawing, pinned("2026.9.6", given.get("image", "database:1")))

    def _serve_no_more(self) -> None:
        self._move(document(), pinned("2026.9.6"))

    def _move(self, drawing: dict[str, Any], images: dict[str, Any]) -> None:
        number = self.world.rows.revise(drawing, images)
        for tenant in list(self.world.rows.tenants.values()):
            self.world.rows.change(tenant.slug, revision=number)

    def _upgrade(self, version: str) -> None:
        self._deploy(version)
        self._copy_first()

    def _copy_first(self) -> None:
        self.world.rows.want_copies("c1")

    def _go_back(self) -> None:
        rows = self.world.rows
        for tenant in list(rows.tenants.values()):
            rows.change(tenant.slug, revision=1)
        rows.copies_become("back")

    def _drop_copies(self) -> None:
        self.world.rows.copies_become("erased")

    def _pin(self) -> None:
        rows = self.world.rows
        for key, revision in rows.revisions.items():
            version = revision.document["blocks"][1]["options"]["version"]
            rows.revisions[key] = replace(revision, images=pinned(version))

    def _provider(self, name: str) -> None:
        self.world.rows.put_provider(name, f"real key of {name}")

    def _drop_provider(self, name: str) -> None:
        del self.world.rows.providers[name]

    # Time passes.

    async def _settle(self) -> None:
        await self.world.converge()

    async def _turn(self) -> None:
        await self.world.turn()

    def _wait(self, seconds: str) -> None:
        self.world.now += float(seconds)

    # What befalls the machine.

    def _crash(self, slug: str, code: str = "1", role: str = AGENT) -> None:
        self.world.engine.crash(self.world.instance_of(slug, role), int(code))

    def _oom(self, slug: str) -> None:
        self.world.engine.crash(self.world.instance_of(slug), 137, oom=True)

    async def _crashes(self, slug: str, times: str, role: str = AGENT) -> None:
        """It dies as often, each time a second after it began."""
        left = int(times)
        while left:
            name = self.world.instance_of(slug, role)
            if self.world.engine.runs(name):
                self.world.now += 1.0
                self.world.engine.crash(name)
                left -= 1
                if not left:
                    return
            look = await self.world.turn()
            self.world.now = max(self.world.now + 0.1, next_moment(look))

    def _hang(self, slug: str) -> None:
        self.world.engine.never_answers(self.cabins[slug])

    def _pause(self, slug: str, role: str = AGENT) -> None:
        self.world.engine.pause(self.world.instance_of(slug, role))

    def _unwell(self, slug: str, role: str) -> None:
        self.world.engine.is_unwell(self.cabins[slug], role)

    def _well(self, slug: str, role: str) -> None:
        self.world.engine.is_unwell(self.cabins[slug], role, unwell=False)

    def _lose_holder(self, slug: str) -> None:
        self.world.engine.lose_holder(self.cabins[slug])

    def _lose_content(self) -> None:
        self.world.engine.lose_content_store()

    def _reboot(self) -> None:
        self.world.engine.reboot()

    def _stranger(self, slug: str) -> None:
        """An ended container of the cabin that nobody asked for."""
        name = f"st3f-{self.cabins[slug]}-agent-0badf00d"
        resources = self.world.engine._instances[self.world.instance_of(slug)].resources
        self.world.engine._instances[name] = Instance(
            name, self.cabins[slug], "agent", State.EXITED, resources, 1.0, 2.0
        )

    def _fail(self, verb: str, subject: str, after: str = "0") -> None:
        """subject: a slug, or a cabin that has none."""
        error = Retryable("the engine is busy", after=float(after))
        self.world.engine.fail(verb, self.cabins.get(subject, subject), error)

    def _room(self, left: str) -> None:
        """On the host's disk, for disks to grow."""
        self.world.engine.room_mb = None if left == "plenty" else int(left)

    async def _orphan(self, cabin: str) -> None:
        """A call that made a cabin's place was obeyed, and nobody wrote the cabin down."""
        made = Cabin(self.world.engine.installation, cabin, 999, 999)
        await self.world.engine.prepare(made, (Volume("data", "/data", 1024),))

    def _forget(self, slug: str) -> None:
        """The database was restored from a time before this tenant."""
        self.world.rows.forget(slug)

    def _firewall(self, how: str) -> None:
        self.world.firewall = how == "back"

    def _edge(self, how: str) -> None:
        self.world.edge.away = how == "away"

    def _broker(self, how: str) -> None:
        self.world.grants.away = how == "away"

    def _heal(self) -> None:
        self._firewall("back")
        self._edge("back")
        self._broker("back")
        self._room("plenty")
        for cabin in self.cabins.values():
            self.world.engine.recovers(cabin)

    # What comes of it.

    async def _show(self, passes: str = "") -> None:
        """Turns, as often as asked or else until nothing more is to be done, and prints what
        changes from one pass to the next."""
        began, before, lines = self.world.now, "", []
        for _ in range(int(passes or 100)):
            look = await self.world.turn()
            told = self._told(look)
            if told != before:
                lines.append(f"+{self.world.now - began:.1f} s\n{told}")
            before, moment = told, next_moment(look)
            if not look.plan.empty or self.world.prober.news or look.news:
                self.world.now += 0.1
            elif 0 < moment - self.world.now <= PATIENCE:
                self.world.now = moment
            elif passes:
                self.world.now += TIMER
            else:
                break
        self.shown += _plain("".join(lines))

    def _told(self, look: Look) -> str:
        slugs = {cabin: slug for slug, cabin in self.cabins.items()}
        plan = render(look.plan, slugs, look.inventory.routes)
        people = []
        for wish in (w for w in look.wishes if w.tenant):
            s = look.statuses[wish.tenant]
            told = f"{wish.slug}: {s.phase}, generation {s.applied_generation} of {wish.generation}"
            people.append(told + (f": {s.reason}" if s.reason else ""))
        return "".join(f"  {line}\n" for line in [*people, *plan.splitlines()])


def _plain(text: str) -> str:
    """Digests become letters, so that a plan shows what is the same and nothing else."""
    letters: dict[str, str] = {}

    def letter(found: re.Match[str]) -> str:
        known = letters.setdefault(found[2], chr(ord("A") + len(letters)))
        return found[1] + known

    text = re.sub(r"(-(?:agent|db)-)([0-9a-f]{8})", letter, text)
    letters.clear()
    return re.sub(r"(grant )([0-9a-f]{8})", letter, text)


def essence(world: World) -> dict[str, Any]:
    """What is left when a world has settled, without what differs from run to run."""
    engine, rows = world.engine, world.rows
    return {
        "instances": {
            (i.name, i.state, i.resources) for i in engine._instances.values()
        },
        "disks": {c: (dict(p.disks), dict(p.kept)) for c, p in engine._places.items()},
        "copies": {c: p.copies for c, p in engine._places.items()},
        # Which program wrote to a disk after which; how often one began is luck, and without
        # copies also whether one began at all that was not wanted for long.
        "data": {
            key: tuple(dict.fromkeys(images)) for key, images in engine.data.items()
        } if rows.copied else {},
        "held": {c for c, p in engine._places.items() if p.holder and p.network},
        "content": {c: applied.version for c, applied in engine._applied.items()},
        "files": {c: dict(content.files).keys() for c, content in engine.contents.items()},
        "services": {
            (c, role): dict(its.files).keys()
            for c, content in engine.contents.items() for role, its in content.services
        },
        "routes": world.edge.table,
        "grants": dict(world.grants.grants),
        "providers": dict(world.grants.providers),
        "tenants": {
            t: replace(row, changed_at=0.0, created_at=0.0, restart_at=0.0)
            for t, row in rows.tenants.items()
        },
        "resting": {c: r.state for c, r in rows.resting.items()},
        "phases": {t: (s.phase, s.applied_generation) for t, s in rows.status.items()},
    }
