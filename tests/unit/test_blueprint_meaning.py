"""Meaning: what makes a new revision, and what one revision says differently from another."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stateroom.domain.blueprint import digest, meaning, parse
from stateroom.domain.diff import Change, changes
from tests.builders import blueprint, drawn, sample_document

POSITIONS = st.dictionaries(st.sampled_from(["door", "agent", "x"]), st.floats(-1e6, 1e6))


def shuffled(document: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same document in another order, down to the options."""
    chance = random.Random(seed)

    def keys(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        items = [(key, keys(entry)) for key, entry in value.items()]
        chance.shuffle(items)
        return dict(items)

    blocks = [keys(block) for block in document["blocks"]]
    links = list(document["links"])
    chance.shuffle(blocks)
    chance.shuffle(links)
    return {"links": links, "blocks": blocks, "name": document["name"]}


@settings(deadline=None, max_examples=25)
@given(st.integers(), POSITIONS)
def test_moving_and_reordering_change_no_digest(seed: int, layout: dict[str, float]) -> None:
    """Where a box lies and which comes first is no meaning."""
    original = sample_document()
    assert digest(parse(shuffled(original, seed) | {"layout": layout})) == digest(parse(original))


@pytest.mark.parametrize(
    "document",
    [
        drawn(agent={"cpu": 1}), drawn(name="other"), drawn(agent={"version": "2026.9.7"}),
        drawn(brain={"model": {"per_tenant": "model", "default": "demo-1"}}),
        drawn({"id": "voice", "kind": "prompt", "options": {"text": ""}}),
    ],
)
def test_what_is_said_changes_the_digest(document: dict[str, Any]) -> None:
    """Everything but the layout is meaning, a spelled-out default too."""
    assert digest(parse(document)) != digest(blueprint())


def test_a_whole_number_is_the_same_with_and_without_a_point() -> None:
    """A browser writes 1.0 as 1; saving from the canvas makes no new revision."""
    assert digest(blueprint(agent={"cpu": 1.0})) == digest(blueprint(agent={"cpu": 1}))


@settings(deadline=None, max_examples=15)
@given(st.integers())
def test_the_meaning_is_a_document_that_means_itself(seed: int) -> None:
    """What is stored can be read back, through JSON, any number of times."""
    once = meaning(parse(shuffled(sample_document(), seed)))
    again = meaning(parse(json.loads(json.dumps(once))))
    assert again == once
    assert json.dumps(again) == json.dumps(meaning(parse(again)))


def test_a_blueprint_does_not_change_with_the_document_it_came_from() -> None:
    """A revision never changes, whatever its sender does next."""
    document = drawn(agent={"cpu": 1})
    bp = parse(document)
    before = digest(bp)
    document["blocks"][1]["options"]["cpu"] = 2
    assert digest(bp) == before


def test_nothing_differs_between_a_blueprint_and_itself() -> None:
    """No change is reported where there is none."""
    bp = parse(sample_document())
    assert changes(bp, parse(shuffled(sample_document(), 3))) == ()


def test_changed_options_are_told_one_by_one_in_sentences() -> None:
    """A diff says what changes, from what, in words."""
    old = blueprint(agent={"cpu": 1, "sleep_after": "15m"})
    new = blueprint(
        agent={"cpu": {"per_tenant": "cpu", "default": 2}, "tools": "coding"}
    )
    assert [change.text for change in changes(old, new)] == [
        "agent: cpu is each tenant's cpu, else 2 (was 1).",
        'agent: sleep_after is its default, "never" (was "15m").',
        'agent: tools is "coding" (was its default, "minimal").',
    ]
    assert changes(old, new)[0] == Change(
        "changed", "agent", "cpu", 1, {"per_tenant": "cpu", "default": 2},
        "agent: cpu is each tenant's cpu, else 2 (was 1).",
    )


def test_added_and_removed_blocks_come_with_their_links() -> None:
    """A new block is one change and its link another; taking it out is the reverse."""
    voice = {"id": "voice", "kind": "prompt", "options": {"text": "Hello."}}
    there = [(c.kind, c.block, c.option) for c in changes(blueprint(), blueprint(voice))]
    back = [(c.kind, c.block, c.option) for c in changes(blueprint(voice), blueprint())]
    assert there == [("added", "voice", ""), ("linked", "agent", "voice")]
    assert back == [("removed", "voice", ""), ("unlinked", "agent", "voice")]


def test_another_kind_under_the_same_id_is_another_block() -> None:
    """Options of two kinds are never compared with each other."""
    secret = {"id": "x", "kind": "secret", "options": {"name": "A"}}
    prompt = {"id": "x", "kind": "prompt", "options": {"text": "Hello."}}
    found = [(c.kind, c.block) for c in changes(blueprint(secret), blueprint(prompt))]
    assert found == [("removed", "x"), ("added", "x")]


def test_one_changed_flag_is_one_change() -> None:
    """A map is compared entry by entry."""
    def flags(**values: str) -> dict[str, Any]:
        return {"id": "flags", "kind": "variables", "options": {"values": values}}

    (change,) = changes(blueprint(flags(A="1", B="1")), blueprint(flags(A="1", B="2")))
    assert (change.option, change.before, change.after) == ("values.B", "1", "2")


def test_a_list_is_shown_as_one() -> None:
    """In its order, shortened; another order is another list."""
    def out(*domains: str) -> dict[str, Any]:
        return {"id": "out", "kind": "egress", "options": {"domains": list(domains)}}

    (change,) = changes(blueprint(out("a.com", "b.com")), blueprint(out("b.com", "a.com")))
    assert change.text == 'out: domains is ["b.com", "a.com"] (was ["a.com", "b.com"]).'
    many = [f"d{number}.example.com" for number in range(90)]
    (change,) = changes(blueprint(out("a.com")), blueprint(out(*many)))
    assert len(change.text) < 250
    assert '"d7.example.com", …]' in change.text


def test_a_long_prompt_is_shortened_in_the_sentence_only() -> None:
    """A diff stays readable, and its data complete."""
    def voice(text: str) -> dict[str, Any]:
        return {"id": "voice", "kind": "prompt", "options": {"text": text}}

    (change,) = changes(blueprint(voice("a\n" * 500)), blueprint(voice("b" * 1000)))
    assert len(change.text) < 200
    assert "\n" not in change.text
    assert change.after == "b" * 1000
