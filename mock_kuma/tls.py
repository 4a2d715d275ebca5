"""The server's own certificate authority: made once, kept in the data folder, trusted by its file.

Keys are readable by their owner alone. Rule: an authority that exists is used again, so that a client that
trusts its file goes on trusting it; two servers that start at once agree on one.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mock_kuma.clock import SECOND, system_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Names that every certificate covers.
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_AUTHORITY_DAYS: Final = 3_650
_CERTIFICATE_DAYS: Final = 397


class TlsProblem(Exception):
    """The data folder cannot keep an authority."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files of a server certificate: the chain, its key, and the authority to trust."""

    chain_file: Path
    key_file: Path
    ca_file: Path


def server_certificate(folder: Path, host: str) -> Certificate:
    """Return a certificate for the loopback names and ``host``, made where it is missing.

    A certificate is made anew when the host is another one, or when it is about to expire.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = _file_name(host)
        made = Certificate(folder / f"{name}.pem", folder / f"{name}-key.pem", folder / "ca.pem")
        if not _usable(made, folder / "ca-key.pem"):
            _make(made, folder / "ca-key.pem", host)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise TlsProblem(
            f"cannot keep certificates in {folder}: {why}; name another --data-folder"
        ) from error
    return made


def spoiled_certificates(folder: Path) -> dict[str, Certificate]:
    """Return certificates that a careful client refuses, by what is wrong with them.

    The authority of ``server_certificate`` must be there; all but "untrusted" are signed by it.
    """
    ca_file = folder / "ca.pem"
    own = (ca_file.read_bytes(), (folder / "ca-key.pem").read_bytes())
    stranger = new_authority("Somebody else's CA")
    found = {}
    for name, (authority, key), hosts, expired in (
        ("expired", own, LOOPBACK, True),
        ("wrong_host", own, ("kuma.example.org",), False),
        ("untrusted", stranger, LOOPBACK, False),
    ):
        chain, server_key = issue(authority, key, hosts=hosts, expired=expired)
        made = Certificate(folder / f"{name}.pem", folder / f"{name}-key.pem", ca_file)
        _write(made.key_file, server_key, mode=0o600)
        _write(made.chain_file, chain, mode=0o644)
        found[name] = made
    return found


def context(certificate: Certificate) -> ssl.SSLContext:
    """Return what a listener needs to speak TLS with this certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(certificate.chain_file, certificate.key_file)
    return made


def _file_name(host: str) -> str:
    return "server" if host in LOOPBACK else "server-" + "".join(c if c.isalnum() else "-" for c in host)


def _usable(made: Certificate, ca_key: Path) -> bool:
    if not all(path.exists() for path in (made.chain_file, made.key_file, made.ca_file, ca_key)):
        return False
    age_days = (system_now() / SECOND - made.chain_file.stat().st_mtime) / 86_400
    return 0 <= age_days < _CERTIFICATE_DAYS - 30


def _make(made: Certificate, ca_key: Path, host: str) -> None:
    ca_certificate, key = _authority(made.ca_file, ca_key)
    chain, server_key = issue(ca_certificate, key, hosts=[*LOOPBACK, host])
    _write(made.key_file, server_key, mode=0o600)
    _write(made.chain_file, chain + ca_certificate, mode=0o644)


def _authority(ca_file: Path, key_file: Path) -> tuple[bytes, bytes]:
    if not (ca_file.exists() and key_file.exists()):
        certificate, key = new_authority()
        # Whoever links first wins; the other takes what is there. The pair is one file for a moment,
        # so that certificate and key are never of two authorities.
        pair = ca_file.with_name("ca-pair.pem")
        _write_once(pair, key + certificate)
        both = pair.read_bytes()
        cut = both.index(b"-----BEGIN CERTIFICATE-----")
        _write(key_file, both[:cut], mode=0o600)
        _write(ca_file, both[cut:], mode=0o644)
    return ca_file.read_bytes(), key_file.read_bytes()


def _write(path: Path, data: bytes, *, mode: int) -> None:
    temporary = _temporary(path, data)
    temporary.chmod(mode)
    temporary.replace(path)


def _write_once(path: Path, data: bytes) -> None:
    temporary = _temporary(path, data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink()


def _temporary(path: Path, data: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    return Path(name)


def new_authority(name: str = "mock-kuma CA") -> tuple[bytes, bytes]:
    """Return a new authority: its certificate and key as PEM."""
    from cryptography import x509  # noqa: PLC0415 -- slow to import, and needed once in the life of a folder
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- likewise

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name} {secrets.token_hex(4)}")])
    builder = _builder(x509, subject, subject, key.public_key(), days=_AUTHORITY_DAYS)
    for extension, critical in (
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_key_usage(x509, signs_certificates=True), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ):
        builder = builder.add_extension(extension, critical=critical)
    return _signed(builder, key, key)


def issue(
    ca_certificate: bytes, ca_key: bytes, *, hosts: Sequence[str], expired: bool = False
) -> tuple[bytes, bytes]:
    """Return a server certificate for these names and addresses, and its key, as PEM."""
    from cryptography import x509  # noqa: PLC0415 -- as above
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 -- as above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- as above

    issuer = x509.load_pem_x509_certificate(ca_certificate)
    signing_key: Any = serialization.load_pem_private_key(ca_key, password=None)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mock-kuma")])
    days = -1 if expired else _CERTIFICATE_DAYS
    builder = _builder(x509, subject, issuer.subject, key.public_key(), days=days)
    for extension, critical in (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_key_usage(x509, signs_certificates=False), True),
        (x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName(list(_names(x509, hosts))), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), False),
    ):
        builder = builder.add_extension(extension, critical=critical)
    return _signed(builder, signing_key, key)


def _builder(x509: Any, subject: Any, issuer: Any, public_key: Any, *, days: int) -> Any:
    now = datetime.fromtimestamp(system_now() / SECOND, tz=UTC)
    start = now - timedelta(days=3)  # a client's clock may be behind
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(now + timedelta(days=days))
    )


def _key_usage(x509: Any, *, signs_certificates: bool) -> Any:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names(x509: Any, hosts: Sequence[str]) -> Iterator[Any]:
    for host in dict.fromkeys(hosts):
        try:
            yield x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            yield x509.DNSName(host)


def _signed(builder: Any, signing_key: Any, own_key: Any) -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 -- as above

    certificate = builder.sign(signing_key, hashes.SHA256())
    key = own_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), key
