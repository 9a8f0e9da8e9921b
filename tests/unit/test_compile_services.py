"""Compiling services: what runs beside the agent, and what each of them has of its own."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stateroom.domain import environment
from stateroom.domain.blueprint import Blueprint, parse
from stateroom.domain.cabin import UIDS_PER_CABIN
from stateroom.domain.compile import Compiled, PinnedImage, compile, image_references
from stateroom.domain.content import SecretRef, ServiceContent
from stateroom.domain.limits import effective_limits, limits_total
from stateroom.domain.runtime import (
    HealthCheck,
    Mount,
    Resources,
    RuntimeSpec,
    Shape,
    Volume,
)
from stateroom.errors import Invalid
from tests.builders import FIXTURES, cabin, images, minimal_document, tenant

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (FIXTURES / "blueprints" / "good" / "services.yaml").read_text()
)
SERVICES = parse(DOCUMENT)
DATABASE = PinnedImage("stateroom/postgresql:15", "sha256:db", ("postgres",), ("/scratch",))
PINS = images(SERVICES) | {DATABASE.reference: DATABASE}
PASSWORD = SecretRef("PASSWORD", "env", "1")


def compiled(bp: Blueprint = SERVICES, **facts: Any) -> Compiled:
    return compile(bp, tenant(**facts), cabin(), images(bp) | PINS)


def changed(block: str, **options: Any) -> Blueprint:
    """The same with other options of one block."""
    document = copy.deepcopy(DOCUMENT)
    found = next(one for one in document["blocks"] if one["id"] == block)
    found["options"] |= options
    return parse(document)


def without(*blocks: str) -> Blueprint:
    document = copy.deepcopy(DOCUMENT)
    document["blocks"] = [one for one in document["blocks"] if one["id"] not in blocks]
    links = document["links"]
    document["links"] = [link for link in links if not set(link) & set(blocks)]
    return parse(document)


def test_a_stricter_runtime_is_meant_for_all_of_the_cabin() -> None:
    """What the agent's block says of the OCI runtime holds for what runs beside it."""
    agent = next(block.id for block in SERVICES.of_kind("openclaw"))
    for bp, runtime in ((SERVICES, ""), (changed(agent, runtime="kata"), "kata")):
        made = compiled(bp)
        assert made.spec.shape.runtime == runtime
        assert {service.shape.runtime for service in made.services} == {runtime}


def test_a_service_becomes_exactly_this() -> None:
    """All of it, field by field: whatever changes here is seen."""
    cache, db = compiled(secrets=(PASSWORD,)).services
    assert db == RuntimeSpec(
        cabin=cabin(),
        role="db",
        shape=Shape(
            image="sha256:db",
            command=("postgres", "-c", "fsync=on"),
            environment=(),
            mounts=(Mount("rows", "/var/lib/postgresql"),),
            tmpfs=(("/tmp", 256), ("/scratch", 64)),
            runtime="",
        ),
        resources=Resources(0.25, 128, 64),
        user=3,
        health=HealthCheck(command=("pg_isready", "-q")),
    )
    assert (cache.role, cache.user, cache.health) == ("cache", 1, HealthCheck(port=6379))
    assert cache.resources == Resources(0.5, 256, 128)
    assert cache.shape.command == PINS["cache"].command, "its image's own"


def test_its_disk_is_called_like_its_block_and_is_its_own() -> None:
    """The agent's stands first and keeps its name, whatever its block is called."""
    assert compiled().volumes == (
        Volume("data", "/data", 2048), Volume("rows", "/var/lib/postgresql", 256, 3),
    )
    assert compiled(values={"rows": 512}).volumes[1].size_mb == 512


def test_what_it_is_told_the_agent_is_not_and_the_other_way_round() -> None:
    """Each has its own variables and secrets; a tenant's own go to the agent."""
    own = SecretRef("OWN", "env", "1")
    content = compiled(secrets=(own, PASSWORD), variables={"MINE": "x"}).content
    assert content.variables == (("MINE", "x"), ("NAME", "the agent's own"))
    assert content.secrets == (own,)
    assert content.services == (
        ServiceContent("cache"),
        ServiceContent(
            "db", (("NAME", "acme"), ("TZ", "UTC")), (SecretRef("PASSWORD", "file", "1"),)
        ),
    )


def test_a_secret_that_it_needs_is_missed() -> None:
    """A database without its password is not started."""
    assert compiled().missing_secrets == ("PASSWORD",)
    assert compiled(secrets=(PASSWORD,)).missing_secrets == ()


def test_its_images_are_pinned_as_they_are_written() -> None:
    """Beside the agent's, which has a form of its own."""
    expected = ("cache", "openclaw:2026.9.6", "stateroom/postgresql:15")
    assert image_references(SERVICES) == expected


def test_an_image_that_keeps_data_below_its_disk_is_refused() -> None:
    """The same for a service as for the agent: the memory would hide what is kept."""
    pinned = PinnedImage(DATABASE.reference, "sha256:db", ("run",), ("/var/lib/postgresql/data",))
    with pytest.raises(Invalid, match="mount the volume at /var/lib/postgresql/data"):
        compile(SERVICES, tenant(), cabin(), PINS | {pinned.reference: pinned})


@pytest.mark.parametrize(
    "options",
    [
        {"command": ["postgres"]}, {"user": 4}, {"health": "port"}, {"health": ""},
        {"health_command": ["pg_isready"]}, {"image": "other"},
    ],
)
def test_what_only_a_new_container_can_change_makes_one(options: dict[str, Any]) -> None:
    """Of the service alone: the agent and the others go on."""
    before, after = compiled(), compiled(changed("db", **options))
    assert before.services[1].name != after.services[1].name
    assert before.services[0] == after.services[0]
    assert (before.spec, before.content) == (after.spec, after.content)


def test_resources_are_changed_in_place() -> None:
    """Of a service as of the agent."""
    before, after = compiled(), compiled(changed("db", cpu=2, memory_mb=512, pids=32))
    assert before.services[1].name == after.services[1].name
    assert after.services[1].resources == Resources(2.0, 512, 32)


@pytest.mark.parametrize("gone", ["db", "cache"])
def test_another_service_comes_and_goes_without_the_others(gone: str) -> None:
    """Nobody's user, disk or container changes with a neighbour."""
    bp = without(gone, "rows", "password", "tuning") if gone == "db" else without(gone)
    (left,) = compiled(bp).services
    assert left in compiled().services
    assert compiled(bp).spec == compiled().spec
    assert set(compiled(bp).volumes) <= set(compiled().volumes)


def test_a_tenants_limits_are_the_agents() -> None:
    """A larger disk for the agent is none for its database; together they count."""
    limits = {"cpu": 2, "memory_mb": 4096, "pids": 100, "disk_mb": 8192}
    found = compiled(limits=limits)
    assert [volume.size_mb for volume in found.volumes] == [8192, 256]
    assert found.services == compiled().services
    agent = effective_limits(SERVICES, {}, limits)
    assert (agent.cpu, agent.memory_mb, agent.pids, agent.disk_mb) == (2.0, 4096, 100, 8192)
    total = limits_total(SERVICES, {"db_memory": 100}, limits)
    assert (total.cpu, total.memory_mb) == (2.75, 4096 + 100 + 256)
    assert (total.pids, total.disk_mb) == (100 + 64 + 128, 8192 + 256)
    plain = parse(minimal_document())
    assert limits_total(plain, {}, {}) == effective_limits(plain, {}, {})


def test_names_clash_within_one_environment_only() -> None:
    """A tenant may call its own variable like one of a service, not like a secret of one."""
    def codes(variables: dict[str, object], secrets: dict[str, object]) -> list[str]:
        found = environment.check_clashes(SERVICES, variables, secrets)
        return [f"{problem.code} {problem.pointer}" for problem in found]

    assert codes({"TZ": "x"}, {"PASSWORD": "x", "OWN": "x"}) == []
    assert codes({}, {"TZ": "x"}) == []
    assert codes({"PASSWORD": "x"}, {}) == ["duplicate_name /variables/PASSWORD"]
    assert codes({}, {"NAME": "x"}) == ["duplicate_name /secrets/NAME"]


VALUES = st.fixed_dictionaries({}, optional={
    "rows": st.integers(64, 4096), "db_memory": st.integers(16, 4096),
})  # fmt: skip


@settings(deadline=None, max_examples=25)
@given(st.randoms(use_true_random=False), VALUES)
def test_compiling_is_blind_to_the_order_of_the_document(chance: Any, values: Any) -> None:
    """Also where a disk is drawn before the service that it belongs to."""
    document = copy.deepcopy(DOCUMENT)
    chance.shuffle(document["blocks"])
    chance.shuffle(document["links"])
    facts: dict[str, Any] = {"values": values, "secrets": (PASSWORD,)}
    assert compiled(parse(document), **facts) == compiled(**facts)


@settings(deadline=None, max_examples=25)
@given(VALUES, VALUES, st.sampled_from(["acme", "globex"]))
def test_two_tenants_have_services_of_one_shape(one: Any, other: Any, slug: str) -> None:
    """No value, secret or name of a tenant ever makes a new container."""
    first = compiled(values=one).services
    second = compiled(values=other, slug=slug, secrets=(PASSWORD,)).services
    assert [service.name for service in first] == [service.name for service in second]


@st.composite
def drawings(draw: st.DrawFn) -> Blueprint:
    """Any services with any disks, one user each."""
    document = minimal_document()
    users = draw(st.lists(st.integers(1, UIDS_PER_CABIN - 1), unique=True, max_size=5))
    for user in users:
        service = f"s{user}"
        options = {"image": draw(st.sampled_from(["a", "b:1"])), "user": user}
        document["blocks"].append({"id": service, "kind": "service", "options": options})
        document["links"].append(["agent", service])
        for number in range(draw(st.integers(0, 4))):
            disk = {"id": f"v{user}-{number}", "kind": "volume", "options": {"path": f"/v{number}"}}
            document["blocks"].append(disk)
            document["links"].append([service, disk["id"]])
    return parse(document)


@settings(deadline=None, max_examples=40)
@given(drawings())
def test_every_disk_is_mounted_once_by_whom_it_belongs_to(bp: Blueprint) -> None:
    """No two containers of a cabin ever write to one disk, and nobody to another's."""
    found = compiled(bp)
    specs = (found.spec, *found.services)
    assert len({spec.role for spec in specs}) == len({spec.user for spec in specs}) == len(specs)
    mounted = [(mount.volume, spec.user) for spec in specs for mount in spec.shape.mounts]
    assert sorted(mounted) == sorted((volume.name, volume.user) for volume in found.volumes)
    assert len({volume for volume, _ in mounted}) == len(mounted)
