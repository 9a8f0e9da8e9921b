"""Compiling: a blueprint and a tenant become one cabin's spec and content."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stateroom.domain.blueprint import Blueprint, parse
from stateroom.domain.compile import (
    Compiled,
    PinnedImage,
    TenantFacts,
    compile,
    image_references,
)
from stateroom.domain.content import AgentContent, SecretRef
from stateroom.domain.expansion import MOST_EXPANDED, expand, growth
from stateroom.domain.runtime import Mount, Resources, RuntimeSpec, Shape, Volume
from stateroom.errors import Invalid, NotFound
from tests.builders import blueprint, cabin, images, sample_document, tenant

SAMPLE = parse(sample_document())
NAMES = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=100)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def compiled(bp: Blueprint = SAMPLE, **facts: Any) -> Compiled:
    return compile(bp, tenant(**facts), cabin(), images(bp))


@st.composite
def tenants(draw: st.DrawFn) -> TenantFacts:
    """Anybody who fits the sample blueprint."""
    values = draw(st.fixed_dictionaries({}, optional={
        "model": st.sampled_from(["demo-1", "demo-2", "a/b:c"]), "prompt": TEXTS,
        "reports": TEXTS, "budget": st.floats(0, 1e6),
    }))
    secrets = draw(st.lists(st.sampled_from(["CRM_API_KEY", "OWN", "OTHER"]), unique=True))
    return tenant(
        slug=draw(st.sampled_from(["acme", "globex"])),
        name=draw(NAMES),
        values=values,
        variables=draw(st.dictionaries(st.sampled_from(["A", "B", "OWN"]), TEXTS)),
        secrets=tuple(SecretRef(n, draw(st.sampled_from(["env", "file"])), "1") for n in secrets),
        safe_mode=draw(st.booleans()),
    )


def test_what_an_image_declares_a_volume() -> None:
    """A path that no disk is mounted at becomes memory, bounded; where a disk is, nothing."""
    pinned = PinnedImage(
        "openclaw:2026.9.6", "sha256:abc", ("run",), ("/cache", "/data", "/tmp", "/database")
    )
    found = compile(SAMPLE, tenant(), cabin(), {pinned.reference: pinned})
    assert found.spec.shape.tmpfs == (("/tmp", 256), ("/cache", 64), ("/database", 64))
    assert PinnedImage.of_row(pinned.reference, pinned.row()) == pinned


def test_an_image_that_keeps_data_below_a_disk() -> None:
    """Memory over it would lose what the tenant takes for kept: refused, with what to do."""
    pinned = PinnedImage("openclaw:2026.9.6", "sha256:abc", ("run",), ("/data/db",))
    with pytest.raises(Invalid, match="mount the volume at /data/db"):
        compile(SAMPLE, tenant(), cabin(), {pinned.reference: pinned})


def test_the_sample_becomes_exactly_this() -> None:
    """All of a compiled tenant, field by field: whatever changes here is seen."""
    crm = SecretRef("CRM_API_KEY", "file", "3")
    pinned = PinnedImage("openclaw:2026.9.6", "sha256:abc", ("node", "openclaw"))
    acme = tenant(name="Acme", secrets=(crm,))
    found = compile(SAMPLE, acme, cabin(), {pinned.reference: pinned})
    assert found == Compiled(
        spec=RuntimeSpec(
            cabin=cabin(),
            role="agent",
            shape=Shape(
                image="sha256:abc",
                command=("node", "openclaw"),
                environment=(
                    ("HOME", "/data"),
                    ("OPENCLAW_CONFIG_PATH", "/run/stateroom/openclaw.json"),
                    ("OPENCLAW_DISABLE_BONJOUR", "1"),
                    ("OPENCLAW_NO_RESPAWN", "1"),
                    ("OPENCLAW_STATE_DIR", "/data"),
                ),
                mounts=(Mount("data", "/data"),),
                tmpfs=(("/tmp", 256),),
                runtime="",
            ),
            resources=Resources(cpu=1.0, memory_mb=2048, pids=512),
        ),
        volumes=(Volume("data", "/data", 2048),),
        content=AgentContent(
            tenant_id="t-acme",
            slug="acme",
            url="https://acme.t.localhost:8443/",
            models=("demo-1",),
            prompt="You help the customers of Acme.",
            tools="minimal",
            variables=(("FEATURE_REPORTS", "off"),),
            # The blueprint says how a secret that it names arrives.
            secrets=(SecretRef("CRM_API_KEY", "env", "3"),),
            safe_mode=False,
        ),
        requests_per_minute=600,
        provider="demo",
        models=("demo-1",),
        monthly_budget_usd=20.0,
        missing_secrets=(),
    )


@settings(deadline=None, max_examples=40)
@given(tenants(), tenants())
def test_two_tenants_of_a_revision_have_one_shape(one: TenantFacts, other: TenantFacts) -> None:
    """No value, variable, secret or name of a tenant ever makes a new container."""
    first = compile(SAMPLE, one, cabin(), images(SAMPLE))
    second = compile(SAMPLE, other, cabin(), images(SAMPLE))
    assert first.spec == second.spec
    assert first.volumes == second.volumes


@settings(deadline=None, max_examples=25)
@given(tenants(), st.randoms(use_true_random=False))
def test_compiling_is_deterministic_and_blind_to_order(facts: TenantFacts, chance: Any) -> None:
    """The same blueprint and tenant give the same, however the document was ordered."""
    document = sample_document()
    chance.shuffle(document["blocks"])
    chance.shuffle(document["links"])
    values = dict(reversed(list(facts.values.items())))
    variables = dict(reversed(list(facts.variables.items())))
    secrets = facts.secrets[::-1]
    shuffled = replace(facts, values=values, variables=variables, secrets=secrets)
    again = compile(parse(document), shuffled, cabin(), images(SAMPLE))
    assert again == compile(SAMPLE, facts, cabin(), images(SAMPLE))


def test_limits_change_resources_and_no_shape() -> None:
    """CPU, memory and pids are changed in place; a larger disk grows."""
    before = compiled()
    limits = {"cpu": 2, "memory_mb": 4096, "pids": 100, "disk_mb": 8192, "requests_per_minute": 5}
    after = compiled(limits=limits)
    assert after.spec.resources == Resources(2.0, 4096, 100)
    assert after.volumes == (Volume("data", "/data", 8192),)
    assert after.requests_per_minute == 5
    assert after.spec.name == before.spec.name


@pytest.mark.parametrize(
    "options", [{"version": "2026.9.7"}, {"runtime": "kata"}]
)
def test_another_image_or_runtime_is_another_shape(options: dict[str, Any]) -> None:
    """What needs a new container has a new name."""
    assert compiled(blueprint(agent=options)).spec.name != compiled(blueprint()).spec.name


def test_tools_and_model_are_content() -> None:
    """OpenClaw takes them over while it runs."""
    other = blueprint(agent={"tools": "coding"}, brain={"model": "demo-9"})
    assert compiled(other).spec == compiled(blueprint()).spec
    assert compiled(other).content.tools == "coding"
    assert compiled(other).content.models == compiled(other).models == ("demo-9",)


def test_whole_numbers_are_whole_whatever_json_wrote() -> None:
    """An engine is never told 2048.0 MiB."""
    found = compiled(limits={"memory_mb": 2048.0, "disk_mb": 4096.0, "pids": 64.0})
    numbers = (found.spec.resources.memory_mb, found.spec.resources.pids, found.volumes[0].size_mb)
    assert [type(number) for number in numbers] == [int, int, int]


def test_a_name_is_put_in_once_and_never_read_again() -> None:
    """A customer called ${tenant.url} is greeted by exactly that."""
    found = compiled(name="${tenant.url} ${tenant.slug}", values={"reports": "${tenant.name}!"})
    assert found.content.prompt == "You help the customers of ${tenant.url} ${tenant.slug}."
    assert dict(found.content.variables)["FEATURE_REPORTS"] == "${tenant.url} ${tenant.slug}!"


def test_other_placeholders_stay_as_they_are() -> None:
    """What is not ours is data: OpenClaw's, a shell's, or a typing error of the tenant's."""
    text = "${HOME} ${tenant.plan} $tenant.name {tenant.name} ${tenant.name"
    assert compiled(values={"prompt": text}).content.prompt == text


def test_a_tenants_own_variable_is_not_expanded() -> None:
    """Only text options of the blueprint are templates."""
    found = compiled(variables={"OWN": "${tenant.name}"})
    assert dict(found.content.variables)["OWN"] == "${tenant.name}"


@settings(deadline=None, max_examples=30)
@given(st.text("${tenant.name}slugur", max_size=60), NAMES, st.integers(1, 200))
def test_a_text_grows_no_more_than_was_reckoned(text: str, name: str, times: int) -> None:
    """The bound on a whole environment holds for every name that is allowed."""
    text = (text + "${tenant.name}") * times
    facts = {"name": name, "slug": "s" * 40, "url": "u" * 300}
    grown = len(expand(text, facts).encode()) - len(text.encode())
    assert grown <= growth(text)


def test_only_so_many_placeholders_are_replaced() -> None:
    """A short text cannot become a huge one."""
    text = expand("${tenant.name}" * (MOST_EXPANDED + 1), {"name": "n", "slug": "", "url": ""})
    assert text == "n" * MOST_EXPANDED + "${tenant.name}"


def test_a_secret_of_the_tenants_own_arrives_as_it_says() -> None:
    """The blueprint decides for the secrets that it names, the tenant for the others."""
    bp = blueprint({"id": "crt", "kind": "secret", "options": {"name": "CRT", "as": "file"}})
    given = [("OWN", "file", "1"), ("CRT", "env", "1"), ("ENVS", "env", "2")]
    own = tuple(SecretRef(*ref) for ref in given)
    assert compiled(bp, secrets=own).content.secrets == (
        SecretRef("CRT", "file", "1"), SecretRef("ENVS", "env", "2"), SecretRef("OWN", "file", "1"),
    )


def test_a_required_secret_that_is_not_there_is_named() -> None:
    """The status can say what is missing; an optional one is not missed."""
    bp = blueprint(
        {"id": "b", "kind": "secret", "options": {"name": "B_KEY", "required": True}},
        {"id": "a", "kind": "secret", "options": {"name": "A_KEY", "required": True}},
        {"id": "c", "kind": "secret", "options": {"name": "C_KEY"}},
    )
    assert compiled(bp).missing_secrets == ("A_KEY", "B_KEY")
    assert compiled(bp, secrets=(SecretRef("A_KEY", "env", "1"),)).missing_secrets == ("B_KEY",)


def test_a_tenants_variable_goes_before_the_blueprints_and_a_secret_before_both() -> None:
    """One name is one entry of the environment, and a secret is never shadowed."""
    found = compiled(variables={"FEATURE_REPORTS": "own", "KEY": "plain"},
                     secrets=(SecretRef("KEY", "env", "1"),))
    assert found.content.variables == (("FEATURE_REPORTS", "own"),)


def test_an_open_option_that_nobody_fills_falls_back_or_is_left_out() -> None:
    """No budget is no budget, an unset variable is no variable, the rest has its default."""
    bp = blueprint(
        {"id": "f", "kind": "variables", "options": {"values": {"PLAN": {"per_tenant": "plan"}}}},
        brain={"model": "m", "monthly_budget_usd": {"per_tenant": "budget"}},
        agent={"cpu": {"per_tenant": "cpu"}},
    )
    found = compiled(bp)
    assert (found.monthly_budget_usd, found.content.variables) == (None, ())
    assert found.spec.resources.cpu == 1.0
    set_ = compiled(bp, values={"budget": 0, "plan": "", "cpu": 4})
    assert (set_.monthly_budget_usd, set_.content.variables) == (0.0, (("PLAN", ""),))
    assert set_.spec.resources.cpu == 4.0


@pytest.mark.parametrize("values", [{}, {"model": 5}, {"model": None}, {"model": "two words"}])
def test_values_that_do_not_fit_the_revision_are_told(values: dict[str, Any]) -> None:
    """A revision that asks for more than a tenant gave never runs with a guess."""
    bp = blueprint(brain={"model": {"per_tenant": "model"}})
    with pytest.raises(Invalid) as refusal:
        compiled(bp, values=values)
    assert refusal.value.problems[0].pointer == "/values/model"


def test_values_of_another_revision_do_no_harm() -> None:
    """A value that this revision does not know is kept for one that does."""
    assert compiled(values={"gone": 5}).spec == compiled().spec


def test_an_image_that_is_not_pinned_is_named() -> None:
    """Nothing runs from a name that may mean another image tomorrow."""
    with pytest.raises(NotFound, match=r"openclaw:2026\.9\.6"):
        compile(SAMPLE, tenant(), cabin(), {})


def test_a_blueprint_says_which_images_it_needs() -> None:
    """They are pinned when the revision is made."""
    assert image_references(SAMPLE) == ("openclaw:2026.9.6",)
