"""Checking: every problem at once, with a place and a hint, whatever was sent."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stateroom.domain.blocks import KINDS, describe
from stateroom.domain.blueprint import MOST_PROBLEMS, check, parse
from stateroom.domain.notices import notices
from stateroom.errors import Invalid, Problem
from tests.builders import FIXTURES, drawn, minimal_document, sample_document

GOOD = sorted((FIXTURES / "blueprints" / "good").glob("*.yaml"))
BAD = sorted((FIXTURES / "blueprints" / "bad").glob("*.yaml"))

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=8),
    st.sampled_from(["agent", "url", "model", "per_tenant", "${tenant.x}", "openclaw", 10**400]),
)
KEYS = st.text(max_size=4) | st.sampled_from(
    ["name", "blocks", "links", "layout", "id", "kind", "options", "per_tenant", "default"]
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def _places(value: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything inside a document."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]
    inner = [(*at, key) for key, _ in entries]
    return inner + [
        place
        for key in inner
        for child in [value[key[-1]]]  # type: ignore[index]
        if isinstance(child, dict | list)
        for place in _places(child, key)
    ]


@st.composite
def damaged(draw: st.DrawFn) -> object:
    """The sample with a few of its parts replaced by anything or taken out."""
    document = copy.deepcopy(sample_document())
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(_places(document)))
        parent: Any = document
        for key in way:
            parent = parent[key]
        if draw(st.booleans()):
            parent[last] = draw(JSON)
        else:
            del parent[last]
    return document


def codes(document: object) -> set[str]:
    return {problem.code for problem in check(document)}


def only(document: object) -> Problem:
    (problem,) = check(document)
    return problem


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_blueprint_has_no_problem(path: Path) -> None:
    """What may be drawn is accepted, and exactly what is worth knowing of it is said."""
    text = path.read_text()
    document = yaml.safe_load(text)
    assert check(document) == ()
    lines = [line.split() for line in text.splitlines() if line.startswith("# tells:")]
    expected = [(code, pointer) for _, _, code, pointer in lines]
    assert [(n.code, n.pointer) for n in notices(document)] == expected


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_blueprint_has_exactly_the_problems_it_says(path: Path) -> None:
    """Every problem is found, at its place, and none is invented."""
    text = path.read_text()
    lines = (line.split() for line in text.splitlines() if line.startswith("# expects:"))
    expected = {(code, pointer.replace("-", "", 1) if pointer == "-" else pointer)
                for _, _, code, pointer in lines}
    assert {(p.code, p.pointer) for p in check(yaml.safe_load(text))} == expected
    assert expected


def test_the_sample_that_comes_with_stateroom_is_good() -> None:
    """What the first command deploys passes its own check."""
    assert check(sample_document()) == ()


@settings(max_examples=80, deadline=None)
@given(JSON | damaged())
@example({"blocks": [{"kind": "variables", "options": {"values": {"A": [[]]}}}]})
@example({"name": "a", "blocks": [[]], "links": [["a", []]], "layout": None})
def test_checking_never_raises_and_its_answer_can_be_sent(document: object) -> None:
    """Anything that JSON or YAML can hold gets problems that are sentences, and `parse` agrees
    with `check`."""
    problems = check(document)
    assert len(problems) <= MOST_PROBLEMS
    for problem in problems:
        assert problem.code
        assert problem.detail.endswith((".", "?"))
        json.dumps([problem.pointer, problem.detail, problem.hint]).encode()
        (problem.pointer + problem.detail + problem.hint).encode()
    if problems:
        with pytest.raises(Invalid) as refusal:
            parse(document)
        assert refusal.value.problems == problems
    else:
        parse(document)


def test_a_document_that_holds_itself_is_refused() -> None:
    """YAML can refer to itself; that ends in a sentence, not in a stack overflow."""
    document = yaml.safe_load("&a {name: x, blocks: [*a], links: *a}")
    assert "too_deep" in codes(document) or "too_large" in codes(document)


def test_a_document_that_unfolds_without_end_is_refused() -> None:
    """A few lines of YAML that mean a billion entries are counted, not unfolded."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    assert codes(yaml.safe_load("\n".join(lines))) == {"too_large"}


def test_too_much_text_is_refused() -> None:
    """Text is bounded as a whole, not only text by text."""
    document = drawn() | {"layout": {f"k{i}": "x" * 100_000 for i in range(30)}}
    assert codes(document) == {"too_large"}


@pytest.mark.parametrize("document", [None, "name: x", 5, True, [], ()])
def test_what_is_no_object_is_one_problem(document: object) -> None:
    """An empty file, a text or a list is told once, without inventing missing blocks."""
    assert only(document).code == "wrong_type"


@pytest.mark.parametrize("key", [5, None, True, 2.5, ("a",), b"a"])
def test_names_that_are_no_text_are_told(key: object) -> None:
    """YAML allows any key; a blueprint does not."""
    document: dict[Any, Any] = {**drawn(), key: 1}
    assert "not_text" in codes(document)


def test_more_blocks_and_links_than_anybody_draws_are_refused() -> None:
    """The number of blocks and links is bounded, and said."""
    many = [{"id": f"s{i}", "kind": "secret", "options": {"name": f"S{i}"}} for i in range(101)]
    problems = check(drawn(*many))
    assert ("too_many", "/blocks") in {(p.code, p.pointer) for p in problems}


def test_more_variables_than_fit_are_refused() -> None:
    """One block's map is bounded too."""
    values = {f"V{i}": "x" for i in range(101)}
    assert only(
        drawn({"id": "flags", "kind": "variables", "options": {"values": values}})
    ).code == "too_many"


@pytest.mark.parametrize(("length", "good"), [(65_536, True), (65_537, False)])
def test_a_prompt_has_exactly_its_greatest_length(length: int, good: bool) -> None:
    """The bound stands where it is said to stand."""
    document = drawn({"id": "voice", "kind": "prompt", "options": {"text": "x" * length}})
    assert (check(document) == ()) is good


def test_a_problem_names_its_block_or_its_link() -> None:
    """The canvas can show a problem where it is."""
    bad_block = only(drawn(agent={"cpu": 0}))
    assert (bad_block.block, bad_block.link) == ("agent", None)
    document = minimal_document()
    document["links"][1] = ["brain", "agent"]
    bad_link = only(document)
    assert (bad_link.block, bad_link.link) == (None, ("brain", "agent"))
    assert "[agent, brain]" in bad_link.hint


@pytest.mark.parametrize(
    ("document", "hint"),
    [
        (drawn(agent={"memroy_mb": 1024}), "Did you mean memory_mb?"),
        (drawn(agent={"memory_mb": 512}), "768"),
        (drawn(agent={"version": 2026.9}), "quotes"),
        (drawn(agent={"tools": "minmal"}), "Did you mean minimal?"),
        (drawn(brain={"model": {"per_tenant": "m", "requird": True}}), "Did you mean required?"),
        (drawn() | {"layuot": {}}, "Did you mean layout?"),
        (drawn({"id": "p", "kind": "prompt", "options": {"text": "${tenant.slag}"}}), "t.slug}"),
    ],
)
def test_a_hint_says_what_was_meant(document: object, hint: str) -> None:
    """A typing error costs one look."""
    assert hint in only(document).hint


def test_a_mistyped_link_is_told_once() -> None:
    """A link to nowhere is not told again as a block that nothing is linked with."""
    document = minimal_document()
    document["links"][2] = ["agent", "dat"]
    assert only(document).code == "dangling_link"


def test_a_number_too_long_to_print_is_told() -> None:
    """Python refuses to print numbers of thousands of digits; a problem does not try."""
    assert codes(drawn(agent={"pids": 10**5000})) == {"out_of_range"}


def test_a_number_that_a_browser_cannot_hold_is_refused() -> None:
    """What would be rounded on the way through the canvas is refused, wherever it stands."""
    assert check(drawn() | {"layout": {"door": 2**53 - 1}}) == ()
    assert codes(drawn() | {"layout": {"door": 2**53}}) == {"out_of_range"}


@pytest.mark.parametrize(
    "options",
    [
        {"agent": {"version": "2026.9.6\n"}}, {"agent": {"sleep_after": "15m\n"}},
        {"agent": {"runtime": "kata\n"}}, {"brain": {"model": "demo-1\n"}},
        {"brain": {"model": "m", "provider": "demo\n"}},
    ],
)
def test_a_newline_at_the_end_is_no_part_of_a_word(options: dict[str, Any]) -> None:
    """Python's own end of a pattern would let it through, into a name or a command."""
    assert codes(drawn(**options)) == {"bad_format"}


def test_every_kind_can_be_described_as_json() -> None:
    """The console's forms come from the same tables as the check."""
    described = json.loads(json.dumps(describe()))
    assert [kind["name"] for kind in described["kinds"]] == list(KINDS)
    for kind in described["kinds"]:
        for option in kind["options"]:
            assert option["schema"]["title"]
            assert option["schema"]["description"]


def test_every_default_is_accepted_by_its_own_option() -> None:
    """What holds when nobody says anything must itself be allowed."""
    for kind in KINDS.values():
        for option in kind.options:
            assert option.default is None or option.problem(option.default, "") is None
