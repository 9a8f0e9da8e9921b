"""The local certificate authority and the edge's certificate.

The authority can sign for its own names only (name constraints): whoever installs it in a browser
trusts it for the tenants' domain and the console, and for nothing else. Its key is mounted
nowhere; the installation uses it to issue and puts it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
LEAF_DAYS = 397
"""Browsers accept up to 825 days from a local authority, 398 from a public one."""
RENEW_DAYS = 30
_KEY_BEGINS = b"-----BEGIN PRIVATE KEY-----"
_BACKDATED = timedelta(hours=1)  # clocks differ


@dataclass(frozen=True, slots=True)
class Authority:
    key_pem: bytes = field(repr=False)
    certificate_pem: bytes


def make_authority(name: str, names: Sequence[str], now: float) -> Authority:
    """A new authority called `name` that may sign for `names` and what is below them, and for no
    IP address. now: seconds since the epoch."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    permitted = [x509.DNSName(n.removeprefix("*.")) for n in names]
    start = datetime.fromtimestamp(now, UTC) - _BACKDATED
    certificate = (
        _builder(subject, subject, key.public_key(), start, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, _every_address()), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(_key_pem(key), _pem(certificate))


def issue(
    authority: Authority, names: Sequence[str], now: float, days: int = LEAF_DAYS
) -> tuple[bytes, bytes]:
    """Key and chain (PEM) of a new certificate for `names`, wildcards included. HAProxy's file is
    the chain followed by the key. Raises ValueError for a name that the authority may not sign."""
    signer = serialization.load_pem_private_key(authority.key_pem, password=None)
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    _check_names(issuer, names)
    key = ec.generate_private_key(ec.SECP256R1())
    start = datetime.fromtimestamp(now, UTC) - _BACKDATED
    certificate = (
        _builder(_name(names[0]), issuer.subject, key.public_key(), start, days)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
        .sign(signer, hashes.SHA256())
    )
    return _key_pem(key), _pem(certificate) + authority.certificate_pem


def needs_renewal(certificate_pem: bytes, names: Sequence[str], now: float) -> bool:
    """Whether the first certificate of a chain ends within RENEW_DAYS, is not valid yet, or does
    not cover exactly `names`."""
    certificate = x509.load_pem_x509_certificates(certificate_pem)[0]
    at = datetime.fromtimestamp(now, UTC)
    end = certificate.not_valid_after_utc - timedelta(days=RENEW_DAYS)
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return True
    covered = set(found.get_values_for_type(x509.DNSName)) == set(names)
    return not covered or not certificate.not_valid_before_utc <= at < end


def check_pair(pem: bytes) -> None:
    """Raises ValueError unless `pem` holds a chain and the private key of its first certificate,
    as HAProxy wants them in one file."""
    try:
        first = x509.load_pem_x509_certificates(pem)[0]
        key = serialization.load_pem_private_key(pem[pem.find(_KEY_BEGINS):], password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("The file does not hold a certificate and its private key.") from error
    encoding = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*encoding) != first.public_key().public_bytes(*encoding):
        raise ValueError("The private key is not the one of the certificate.")


def _check_names(issuer: x509.Certificate, names: Sequence[str]) -> None:
    constraints = issuer.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = [str(n.value) for n in constraints.permitted_subtrees or ()]
    for name in names:
        bare = name.removeprefix("*.")
        if not any(bare == p or bare.endswith(f".{p}") for p in permitted):
            raise ValueError(f"The local authority may not sign for {name}; make a new one.")
    if not names:
        raise ValueError("A certificate needs at least one name.")


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, start: datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates,
        crl_sign=signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )


def _every_address() -> list[x509.GeneralName]:
    return [x509.IPAddress(IPv4Network("0.0.0.0/0")), x509.IPAddress(IPv6Network("::/0"))]


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
