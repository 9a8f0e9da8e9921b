"""Sealed values: who has the public key puts away, only the private key takes out."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stateroom.errors import Denied
from stateroom.store.sealing import Opener, Redacted, Sealer, new_keypair, plain_size

PRIVATE, PUBLIC = new_keypair()
SEALER, OPENER = Sealer(PUBLIC), Opener(PRIVATE)

names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=60)
@given(names, names, st.binary(max_size=300))
def test_what_was_put_away_comes_out(owner: str, name: str, value: bytes) -> None:
    """Any value, owner and name come back as they were, and the size is told without opening."""
    sealed = SEALER.seal(owner, name, value)
    assert OPENER.open(owner, name, sealed) == value
    assert plain_size(sealed) == len(value)


def test_the_same_value_never_looks_the_same() -> None:
    """Equal secrets cannot be recognised by their sealed form."""
    first, second = (SEALER.seal("t1", "KEY", b"value") for _ in range(2))
    assert first != second
    # Not by any part of it either: key, nonce and text all differ.
    assert not {first[i : i + 12] for i in range(1, len(first) - 12)} & {
        second[i : i + 12] for i in range(1, len(second) - 12)
    }


@pytest.mark.parametrize(
    ("owner", "name"),
    [("t2", "KEY"), ("t1", "OTHER"), ("t1K", "EY"), ("", "t1KEY"), ("T1", "KEY")],
)
def test_another_owner_or_name_opens_nothing(owner: str, name: str) -> None:
    """A row copied to another tenant or renamed is worthless, also where the letters add up."""
    sealed = SEALER.seal("t1", "KEY", b"value")
    with pytest.raises(Denied):
        OPENER.open(owner, name, sealed)


@settings(max_examples=120)
@given(st.data())
def test_a_changed_byte_opens_nothing(data: st.DataObject) -> None:
    """Whatever is flipped or cut, nothing comes out, and the refusal shows nothing of it."""
    sealed = SEALER.seal("t1", "KEY", b"hunter2-hunter2")
    at = data.draw(st.integers(0, len(sealed) - 1))
    flip = data.draw(st.integers(1, 255))
    changed = sealed[:at] + bytes([sealed[at] ^ flip]) + sealed[at + 1 :]
    for wrong in (changed, sealed[:at]):
        with pytest.raises(Denied) as refusal:
            OPENER.open("t1", "KEY", wrong)
        assert "hunter2" not in str(refusal.value)
        assert refusal.value.__cause__ is None


def test_another_installation_opens_nothing() -> None:
    """Only the private half of the very key that sealed takes it out."""
    sealed = SEALER.seal("t1", "KEY", b"value")
    with pytest.raises(Denied):
        Opener(new_keypair()[0]).open("t1", "KEY", sealed)


def test_a_nul_cannot_move_the_border_between_owner_and_name() -> None:
    """Owner and name are joined by NUL, so neither may hold one."""
    for owner, name in (("t1\0KEY", ""), ("t1", "KEY\0")):
        with pytest.raises(ValueError, match="NUL"):
            SEALER.seal(owner, name, b"value")


def test_a_redacted_text_shows_itself_nowhere() -> None:
    """repr, str, format, dataclass, container, JSON, pickle and copy give the secret to nobody."""

    @dataclass
    class Holder:
        secret: Redacted

    secret = Redacted("hunter2")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>20}", repr([secret])]
    assert not any("hunter2" in text for text in [*shown, repr(Holder(secret))])
    for give in (json.dumps, pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError) as refusal:
            give(secret)
        assert "hunter2" not in str(refusal.value)
    assert secret.reveal() == "hunter2"


def test_redacted_texts_compare_and_are_no_keys() -> None:
    """Equality works, hashing does not: a secret is nobody's dictionary key."""
    assert Redacted("a") == Redacted("a")
    assert Redacted("a") != Redacted("b")
    with pytest.raises(TypeError):
        hash(Redacted("a"))


def test_an_opener_does_not_show_its_key() -> None:
    """The one object that opens everything prints as nothing."""
    assert PRIVATE.hex() not in repr(OPENER)
    assert "redacted" in repr(OPENER)
