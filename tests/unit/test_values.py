"""A tenant's values, limits, variables and secrets: what is accepted, and what is said."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stateroom.domain.blocks import KINDS
from stateroom.domain.blocks.option import Option, Type
from stateroom.domain.blueprint import parse
from stateroom.domain.environment import LARGEST_SECRET
from stateroom.domain.limits import LIMITS
from stateroom.domain.per_tenant import problems
from stateroom.domain.values import (
    Limits,
    check_limits,
    check_tenant,
    check_values,
    declared_values,
    effective_limits,
    merge_patch,
    values_schema,
)
from stateroom.errors import Invalid
from tests.builders import FIXTURES, blueprint, drawn, sample_document

OPEN = parse(
    yaml.safe_load((FIXTURES / "blueprints" / "good" / "values.yaml").read_text())
)
"""A blueprint that leaves open whatever it can."""
NEEDED = {"model": "demo-1", "pids": 512, "prompt": "Help."}

NUMBERS = st.one_of(
    st.integers(), st.floats(allow_nan=False),
    st.sampled_from([0, 1, 0.1, 64, 64.0, 64.5, 767, 767.9, 768, 1024.0, 2**63, 10**400, -0.0]),
)
TEXTS = st.one_of(
    st.text(st.characters(), max_size=6),
    st.sampled_from(["15m", "15m\n", "never", "0s", "minimal", "Minimal", "demo", "demo-1", "a\0",
                     "", "\ud800", "😀" * 3, "a\nb", "x" * 201, "x" * 8193, "de--mo", "-a"]),
)
ANYTHING = st.one_of(
    st.none(), st.booleans(), NUMBERS, TEXTS, st.lists(st.integers(), max_size=1),
    st.dictionaries(TEXTS, st.integers(), max_size=1),
)
OPTIONS = [
    option
    for kind in KINDS.values()
    for outer in kind.options
    for option in [outer.item or outer]
    if outer.per_tenant or outer.item
]


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(OPTIONS), ANYTHING)
def test_every_options_check_agrees_with_its_schema(option: Option, value: object) -> None:
    """What our checker accepts is what a JSON Schema library accepts, value by value."""
    validator = jsonschema.Draft202012Validator(option.schema())
    assert (option.problem(value, "") is None) == validator.is_valid(value)


LISTS = [o for kind in KINDS.values() for o in kind.options if o.type is Type.LIST]
DOMAINS = st.sampled_from(["a.example.com", "*.example.com", "*.com", "A.example.com", "1.2.3.4"])


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(LISTS),
    st.lists(DOMAINS | TEXTS, max_size=4) | st.lists(ANYTHING, max_size=2) | ANYTHING
    | st.builds(lambda entry: [entry] * 101, TEXTS),
)
def test_a_lists_check_agrees_with_its_schema(option: Option, value: object) -> None:
    """The same of a whole list: how many, what each is, and whether one stands there twice."""
    assert not option.per_tenant, "a form for one would be needed"
    validator = jsonschema.Draft202012Validator(option.schema())
    assert (not list(problems(option, value, ""))) == validator.is_valid(value)


@settings(deadline=None, max_examples=100)
@given(
    st.dictionaries(st.sampled_from([*declared_values(OPEN), "modell", ""]), ANYTHING, max_size=4),
    st.booleans(),
)
def test_checking_values_agrees_with_the_blueprints_schema(
    values: dict[str, object], complete: bool
) -> None:
    """The whole of a tenant's values is accepted or refused alike, and each wrong name is told."""
    values = (NEEDED | values) if complete else values
    errors = list(jsonschema.Draft202012Validator(values_schema(OPEN)).iter_errors(values))
    problems = check_values(OPEN, values)
    assert (not problems) == (not errors)
    ours = {p.pointer.removeprefix("/values/") for p in problems if p.code not in
            ("missing_value", "unknown_value")}
    assert ours == {str(error.absolute_path[0]) for error in errors if error.absolute_path}


def test_the_schema_is_a_schema_and_json() -> None:
    """It can be handed to anybody: valid in its own dialect, and storable."""
    for bp in (OPEN, parse(sample_document())):
        schema = json.loads(json.dumps(values_schema(bp)))
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["additionalProperties"] is False


def test_the_schema_says_who_may_set_and_what_holds_otherwise() -> None:
    """A form needs the title, the help, the default and who may change it."""
    properties: Any = values_schema(parse(sample_document()))["properties"]
    assert properties["model"]["x-set-by"] == "tenant"
    assert properties["budget"]["x-set-by"] == "operator"
    assert properties["model"]["default"] == "demo-1"
    assert properties["reports"]["title"] == "FEATURE_REPORTS"
    assert all(entry["description"] for entry in properties.values())


def test_help_goes_before_the_options_own() -> None:
    """Whoever fills in a form reads what the blueprint's author wrote for them."""
    bp = parse(drawn(agent={"cpu": {"per_tenant": "cpu", "help": "More starts quicker."}}))
    properties: Any = values_schema(bp)["properties"]
    assert properties["cpu"]["description"] == "More starts quicker."


def test_only_what_has_no_default_anywhere_is_required() -> None:
    """A tenant must say what nobody else says: a default of blueprint or option is enough."""
    assert values_schema(OPEN)["required"] == ["model", "pids", "prompt"]


def test_a_default_lifts_the_duty_to_give_a_value() -> None:
    """required together with a default asks for nothing."""
    bp = blueprint(agent={"cpu": {"per_tenant": "cpu", "required": True, "default": 2}})
    assert check_values(bp, {}) == ()
    assert values_schema(bp)["required"] == []


def test_every_wrong_value_is_told_with_its_place() -> None:
    """All problems at once, each with a pointer into what was sent and a hint."""
    bp = parse(sample_document())
    problems = check_tenant(
        bp,
        {"modell": "x", "budget": True, "prompt": None},
        {"cpuu": 1, "memory_mb": 64},
        {"PATH": "x", "OK": 5},
        {"LD_PRELOAD": "x", "EMPTY": ""},
    )
    assert {(p.pointer, p.code) for p in problems} == {
        ("/values/modell", "unknown_value"), ("/values/budget", "wrong_type"),
        ("/values/prompt", "wrong_type"), ("/limits/cpuu", "unknown_limit"),
        ("/limits/memory_mb", "out_of_range"), ("/variables/PATH", "reserved_name"),
        ("/variables/OK", "wrong_type"), ("/secrets/LD_PRELOAD", "reserved_name"),
        ("/secrets/EMPTY", "too_short"),
    }
    hints = {p.pointer: p.hint for p in problems}
    assert hints["/values/modell"] == "Did you mean model?"
    assert hints["/limits/cpuu"] == "Did you mean cpu?"
    assert "768" in hints["/limits/memory_mb"]


def test_a_good_tenant_has_no_problem() -> None:
    """What the sample is for is accepted."""
    assert check_tenant(
        parse(sample_document()), {"model": "demo-2", "reports": "on"}, {"cpu": 2, "disk_mb": 4096},
        {"PLAN": "gold"}, {"CRM_API_KEY": "k", "OWN": "v"},
    ) == ()


@settings(deadline=None, max_examples=10)
@given(st.text(st.characters(), min_size=9).map(lambda text: f"s3cr3t-{text}"))
def test_a_secrets_value_is_in_no_problem(value: str) -> None:
    """Whatever is wrong around a secret, nobody reads it in the answer."""
    long = value + "x" * LARGEST_SECRET
    nul = value + "\0"
    secrets = {"PATH": value, "FEATURE_REPORTS": value, "LONG": long, "NUL": nul, "a b": value}
    problems = check_tenant(parse(sample_document()), {}, {}, {"LONG": "x"}, secrets)
    assert {p.pointer for p in problems} >= {"/secrets/PATH", "/secrets/LONG", "/secrets/NUL"}
    assert "s3cr3t" not in repr(problems)


@pytest.mark.parametrize("value", [None, 5, True, ["x"], {"value": "x"}, "", "a\0b", "\ud800"])
def test_a_secret_that_is_no_text_is_refused(value: object) -> None:
    """A secret ends in an environment and in a file: text without NUL, and not empty."""
    (problem,) = check_tenant(parse(sample_document()), {}, {}, {}, {"KEY": value})
    assert problem.pointer == "/secrets/KEY"


def test_names_are_given_once() -> None:
    """A tenant's own variable and secret cannot take a name that is taken."""
    bp = parse(sample_document())
    problems = check_tenant(
        bp, {}, {}, {"CRM_API_KEY": "x", "TWICE": "x"}, {"TWICE": "x", "FEATURE_REPORTS": "x"}
    )
    assert {(p.pointer, p.code) for p in problems} == {
        ("/variables/CRM_API_KEY", "duplicate_name"), ("/variables/TWICE", "duplicate_name"),
        ("/secrets/FEATURE_REPORTS", "duplicate_name"),
    }


def test_an_environment_too_large_to_start_a_program_is_refused() -> None:
    """Many texts that are each allowed can be too much together."""
    variables = {f"V{i}": "x" * 8_192 for i in range(100)}
    secrets = {f"S{i}": "x" * LARGEST_SECRET for i in range(10)}
    bp = parse(sample_document())
    assert check_tenant(bp, {}, {}, variables, {}) == ()
    (problem,) = check_tenant(bp, {}, {}, variables, secrets)
    assert problem.code == "environment_too_large"


def test_an_environment_is_reckoned_as_it_will_be() -> None:
    """Placeholders grow into a tenant's name after the check, so their room is kept."""
    text = "${tenant.name}" * 64 + "x" * 5_000
    values = {f"V{i}": text for i in range(40)}
    bp = blueprint({"id": "flags", "kind": "variables", "options": {"values": values}})
    (problem,) = check_tenant(bp, {}, {}, {}, {})
    assert problem.code == "environment_too_large"


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_has_the_range_of_its_option(name: str) -> None:
    """An operator's limit can be all that the blueprint could say, and nothing else."""
    option = LIMITS[name]
    assert option.minimum is not None
    assert option.maximum is not None
    for value, good in [
        (option.minimum, True), (option.maximum, True), (option.minimum - 0.05, False),
        (option.maximum + 1, False), (True, False), ("1", False), (None, False), (math.nan, False),
    ]:
        assert (check_limits({name: value}) == ()) is good, value


def test_the_limits_are_those_of_the_contract() -> None:
    """The names that api.md promises."""
    assert set(LIMITS) == {"cpu", "memory_mb", "pids", "disk_mb", "requests_per_minute"}
    assert all(option.type in (Type.NUMBER, Type.INTEGER) for option in LIMITS.values())


def test_a_limit_goes_before_a_value_and_a_value_before_a_default() -> None:
    """Three layers, in this order."""
    assert effective_limits(OPEN, NEEDED, {}) == Limits(1.0, 1024, 512, 512, 60)
    values = NEEDED | {"cpu": 2, "disk": 1000, "rate": 5}
    assert effective_limits(OPEN, values, {}) == Limits(2.0, 1024, 512, 1000, 5)
    limits = {"cpu": 3, "disk_mb": 2000.0, "requests_per_minute": 7, "memory_mb": 4096, "pids": 64}
    assert effective_limits(OPEN, values, limits) == Limits(3.0, 4096, 64, 2000, 7)
    assert isinstance(effective_limits(OPEN, values, limits).disk_mb, int)


def test_a_limit_can_stand_in_for_a_required_value() -> None:
    """A value that would not be used is not asked for."""
    assert effective_limits(OPEN, {}, {"pids": 100}).pids == 100


@pytest.mark.parametrize(
    ("values", "limits"), [({}, {}), ({"pids": "many"}, {}), (NEEDED, {"cpu": 0})]
)
def test_what_does_not_fit_is_told_and_not_guessed(values: Any, limits: Any) -> None:
    """A revision can ask for more than the tenant's stored values say."""
    with pytest.raises(Invalid) as refusal:
        effective_limits(OPEN, values, limits)
    assert refusal.value.problems[0].pointer in ("/values/pids", "/limits/cpu")


# The examples of RFC 7396, appendix A: target, patch, result.
RFC_7396 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}), ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}), ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}), ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}), (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]), ({"a": "foo"}, None, None), ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}), ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7396)
def test_a_merge_patch_is_that_of_the_rfc(target: object, patch: object, result: object) -> None:
    """PATCH means what the standard says, and changes neither of its arguments."""
    before = copy.deepcopy((target, patch))
    assert merge_patch(target, patch) == result
    assert (target, patch) == before


def test_a_patch_without_end_is_refused() -> None:
    """Nesting is bounded before it fills the stack."""
    patch: Any = {}
    for _ in range(5000):
        patch = {"a": patch}
    with pytest.raises(Invalid):
        merge_patch({}, patch)


def test_a_broken_number_is_shown() -> None:
    """"A whole number, not a number" helps nobody who wrote 1.5."""
    (problem,) = check_limits({"memory_mb": 1024.5})
    assert problem.detail == "memory_mb must be a whole number, not 1024.5."
