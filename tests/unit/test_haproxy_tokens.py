"""Tickets and sessions as the api sees them (HAProxy's own reading is attacked elsewhere)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from stateroom.edge.tokens import Signer, Verifier, make_keys
from stateroom.errors import Denied

PRIVATE, PUBLIC = make_keys()
SIGNER, VERIFIER = Signer(PRIVATE), Verifier(PUBLIC)
NOW = 1_800_000_000.0


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_ticket_is_good_for_a_minute_and_its_tenant() -> None:
    """Within its minute it answers the jti that it was made with."""
    ticket = SIGNER.ticket("t1", NOW, "once")
    assert VERIFIER.ticket(ticket, "t1", NOW) == "once"
    assert VERIFIER.ticket(ticket, "t1", NOW + 59) == "once"
    for tenant, when in (("t1", NOW + 60), ("t2", NOW), ("", NOW), ("acme", NOW)):
        with pytest.raises(Denied):
            VERIFIER.ticket(ticket, tenant, when)


def test_a_ticket_is_no_session_and_the_other_way_round() -> None:
    """What one was made for, it is not taken for the other."""
    with pytest.raises(Denied):
        VERIFIER.session(SIGNER.ticket("t1", NOW), "t1", NOW)
    with pytest.raises(Denied):
        VERIFIER.ticket(SIGNER.session("t1", NOW), "t1", NOW)
    assert VERIFIER.session(SIGNER.session("t1", NOW, 10), "t1", NOW + 9)


def test_every_ticket_has_a_jti_of_its_own() -> None:
    """Two tickets made in one second can each be used once."""
    first, second = (VERIFIER.ticket(SIGNER.ticket("t1", NOW), "t1", NOW) for _ in range(2))
    assert first != second


def test_only_our_key_counts() -> None:
    """A ticket by another key, or with a claim changed afterwards, is denied."""
    with pytest.raises(Denied):
        VERIFIER.ticket(Signer(make_keys()[0]).ticket("t1", NOW), "t1", NOW)
    head, body, signature = SIGNER.ticket("t1", NOW, "a").split(".")
    claims = b64(json.dumps({"use": "ticket", "aud": "t2", "exp": NOW + 9, "jti": "a"}).encode())
    none = b64(b'{"alg":"none"}')
    for token in (f"{head}.{claims}.{signature}", f"{none}.{body}.{signature}", f"{none}.{body}.",
                  f"{head}.{body}", f"{head}.{body}.{signature}.x", f"{head}.{body}.{signature}=",
                  f"{head}.{body}.{signature} ", f"{head}.{body}.{b64(bytes(64))}"):
        with pytest.raises(Denied):
            VERIFIER.ticket(token, "t1", NOW)


@given(st.one_of(
    st.text(max_size=200),
    st.tuples(*[st.binary(max_size=80)] * 3).map(lambda parts: ".".join(b64(p) for p in parts)),
    st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=4).map(
        lambda v: f"{b64(json.dumps(v).encode())}.{b64(json.dumps(v).encode())}.{b64(bytes(64))}"),
))
def test_nothing_that_somebody_sends_does_more_than_be_denied(token: str) -> None:
    """Whatever the text, the only error is Denied, and its message does not repeat it."""
    with pytest.raises(Denied) as caught:
        VERIFIER.ticket(token, "t1", NOW)
    assert "sign-in link" in caught.value.message


def test_a_wrong_kind_of_key_is_refused_at_once() -> None:
    """A key of another curve is found when the program starts, not at the first sign-in."""
    other = ec.generate_private_key(ec.SECP384R1())
    for key in (other, ed25519.Ed25519PrivateKey.generate()):
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(ValueError, match="P-256"):
            Signer(private)
        with pytest.raises(ValueError, match="P-256"):
            Verifier(public)
    assert Signer(PRIVATE).public_pem == PUBLIC
