"""The local authority signs for its own names, and a strict client believes it for those alone."""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stateroom.edge.certificates import (
    Authority,
    check_pair,
    issue,
    make_authority,
    needs_renewal,
)

DAY = 86_400.0
NOW = time.time()
NAMES = ("*.t.localhost", "console.localhost")
PERMITTED = ("t.localhost", "console.localhost")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority("Stateroom 3f", PERMITTED, NOW)


def handshake(trusted: bytes, chain: bytes, key: bytes, host: str, folder: Path) -> None:
    """A TLS handshake in memory by a client that trusts `trusted` alone."""
    (folder / "pair.pem").write_bytes(chain + key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "pair.pem")
    client = ssl.create_default_context(cadata=trusted.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(to_client, to_server, server_hostname=host),
            server.wrap_bio(to_server, to_client, server_side=True)]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue


def smuggle(authority: Authority, name: str) -> tuple[bytes, bytes]:
    """What a thief of the authority's key would issue, past our own check of names."""
    signer = serialization.load_pem_private_key(authority.key_pem, None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem)
    key = ec.generate_private_key(ec.SECP256R1())
    key_pem, chain = issue(authority, NAMES, NOW)
    ours = x509.load_pem_x509_certificate(chain)
    builder = (
        x509.CertificateBuilder().subject_name(ours.subject).issuer_name(issuer.subject)
        .public_key(key.public_key()).serial_number(7).not_valid_before(ours.not_valid_before_utc)
        .not_valid_after(ours.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    for extension in ours.extensions:
        if not isinstance(extension.value, x509.SubjectAlternativeName
                          | x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    leaf = builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    key_pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    return key_pem, leaf + authority.certificate_pem


def test_a_strict_client_accepts_tenants_and_console(
    authority: Authority, tmp_path: Path
) -> None:
    """The wildcard covers every tenant, one label deep, and the console."""
    key, chain = issue(authority, NAMES, NOW)
    for host in ("acme.t.localhost", "globex.t.localhost", "console.localhost"):
        handshake(authority.certificate_pem, chain, key, host, tmp_path)
    for host in ("t.localhost", "a.b.t.localhost", "localhost", "example.com"):
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(authority.certificate_pem, chain, key, host, tmp_path)


def test_a_stolen_authority_is_worth_nothing_elsewhere(
    authority: Authority, tmp_path: Path
) -> None:
    """Name constraints: a certificate for another name, signed by the authority's own key, is
    refused by the client."""
    key, chain = smuggle(authority, "x.t.localhost")
    handshake(authority.certificate_pem, chain, key, "x.t.localhost", tmp_path)
    for name in ("example.com", "localhost", "evil-console.localhost"):
        key, chain = smuggle(authority, name)
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
            handshake(authority.certificate_pem, chain, key, name, tmp_path)


def test_another_authority_is_not_believed(authority: Authority, tmp_path: Path) -> None:
    """Two installations with the same names do not vouch for each other."""
    other = make_authority("Stateroom 3f", PERMITTED, NOW)
    key, chain = issue(other, NAMES, NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.certificate_pem, chain, key, "acme.t.localhost", tmp_path)


def test_our_own_code_refuses_names_that_nobody_would_accept(authority: Authority) -> None:
    """A certificate that browsers would refuse is not issued: the reason is said here."""
    for names in (("example.com",), ("*.localhost",), ("xt.localhost",), ()):
        with pytest.raises(ValueError, match=r"may not sign|at least one"):
            issue(authority, names, NOW)


def test_keys_are_elliptic_and_times_are_bounded(authority: Authority) -> None:
    """P-256, at most 398 days for the leaf, valid an hour ago for clocks that are late."""
    key, chain = issue(authority, NAMES, NOW)
    leaf, root = x509.load_pem_x509_certificates(chain)
    private = serialization.load_pem_private_key(key, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert private.curve.name == "secp256r1"
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days <= 398
    assert leaf.not_valid_before_utc < datetime.fromtimestamp(NOW - 3000, UTC)
    assert root.public_bytes(serialization.Encoding.PEM) == authority.certificate_pem
    constraints = root.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.path_length) == (True, 0)


def test_renewal_is_due_a_month_before_the_end(authority: Authority) -> None:
    """Too early, the certificate stays; in its last month, or for other names, it is renewed."""
    _, chain = issue(authority, NAMES, NOW, days=90)
    assert not needs_renewal(chain, NAMES, NOW)
    assert not needs_renewal(chain, tuple(reversed(NAMES)), NOW + 59 * DAY)
    assert needs_renewal(chain, NAMES, NOW + 61 * DAY)
    assert needs_renewal(chain, NAMES, NOW + 1000 * DAY)
    assert needs_renewal(chain, NAMES, NOW - 10 * DAY)
    assert needs_renewal(chain, (*NAMES, "more.t.localhost"), NOW)
    assert needs_renewal(chain, NAMES[:1], NOW)


def test_a_pair_belongs_together(authority: Authority) -> None:
    """Chain and key in one file, in HAProxy's order; anything else is said before it is tried."""
    key, chain = issue(authority, NAMES, NOW)
    other, _ = issue(authority, NAMES, NOW)
    check_pair(chain + key)
    for pem in (b"", chain, key, chain + other, chain + key[:-40], b"\xff" + key, chain + b"x" * 9):
        with pytest.raises(ValueError, match="private key"):
            check_pair(pem)


def test_keys_do_not_show(authority: Authority) -> None:
    """An authority in a log or a traceback shows its certificate only."""
    assert "PRIVATE" not in repr(authority)
