"""The server's own certificate authority: made once, kept in the data folder, trusted by its file.

A key and its certificate are one file, readable by its owner alone, written once and never changed, so
that two servers that start at once never see halves of two pairs. Rule: an authority that exists is used
again, so that a client that trusts its file goes on trusting it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mock_kuma.clock import SECOND, system_now

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

#: Names that every certificate covers.
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_AUTHORITY_DAYS: Final = 3_650
_CERTIFICATE_DAYS: Final = 397
#: After so many days the next certificate is made; the former one is valid for long after.
_RENEWAL_DAYS: Final = 180
#: Where the certificate begins in a file that has the key before it.
_CERTIFICATE_MARK: Final = b"-----BEGIN CERTIFICATE-----"


class TlsProblem(Exception):
    """The data folder cannot keep an authority, or what it keeps is damaged."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files of a server certificate: the chain, its key, and the authority to trust.

    Chain and key are in the same file; servers that want to be told both are told it twice.
    """

    chain_file: Path
    key_file: Path
    ca_file: Path


@dataclass(frozen=True, slots=True)
class _Authority:
    """The authority of a data folder; ``pair`` is its key followed by its certificate, as PEM."""

    folder: Path
    pair: bytes

    @property
    def certificate(self) -> bytes:
        return self.pair[self.pair.index(_CERTIFICATE_MARK) :]

    def kept(self, name: str, host: str, make: Callable[[], bytes]) -> Certificate:
        """Return a certificate of this authority, made where it is missing."""
        # Another host, another authority in the same folder, another half-year: another file.
        term = system_now() // (_RENEWAL_DAYS * 86_400 * SECOND)
        mark = hashlib.sha256(self.certificate + f"{host} {term}".encode()).hexdigest()[:16]
        file = self.folder / f"{name}-{mark}.pem"
        if not file.exists():
            _write_once(file, make())
        return Certificate(chain_file=file, key_file=file, ca_file=self.folder / "ca.pem")


def server_certificate(folder: Path, host: str) -> Certificate:
    """Return a certificate for the loopback names and ``host``; raise TlsProblem where that cannot be."""
    try:
        authority = _authority(folder)
        return authority.kept("server", host, lambda: _issued(authority, [*LOOPBACK, host]))
    except (OSError, ValueError) as error:
        raise _problem(folder, error) from error


def spoiled_certificates(folder: Path) -> dict[str, Certificate]:
    """Return certificates that a careful client refuses, by what is wrong with them.

    All but "untrusted" are signed by the folder's authority.
    """
    try:
        authority = _authority(folder)
        makers: dict[str, Callable[[], bytes]] = {
            "expired": lambda: _issued(authority, LOOPBACK, expired=True),
            "wrong_host": lambda: _issued(authority, ["kuma.example.org"]),
            "untrusted": lambda: _issued(_stranger(folder), LOOPBACK),
        }
        return {name: authority.kept(name, "", make) for name, make in makers.items()}
    except (OSError, ValueError) as error:
        raise _problem(folder, error) from error


def context(certificate: Certificate) -> ssl.SSLContext:
    """Return what a listener needs to speak TLS with this certificate."""
    import ssl  # noqa: PLC0415 -- a mock without TLS starts sooner

    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        made.load_cert_chain(certificate.chain_file, certificate.key_file)
    except OSError as error:
        raise _problem(certificate.chain_file.parent, error) from error
    return made


def _problem(folder: Path, error: OSError | ValueError) -> TlsProblem:
    if isinstance(error, OSError) and error.filename is not None:
        why = (error.strerror or str(error)).lower()
        return TlsProblem(f"cannot keep certificates in {folder}: {why}; name another --data-folder")
    # What cryptography and OpenSSL say of a file that is no certificate helps nobody.
    return TlsProblem(
        f"the certificates in {folder} are damaged; delete its .pem files to have new ones made "
        "(clients then have to trust the new ca.pem)"
    )


def _authority(folder: Path) -> _Authority:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Whoever links first wins, and the others take what is there.
    pair_file = folder / "ca-pair.pem"
    if not pair_file.exists():
        certificate, key = new_authority()
        _write_once(pair_file, key + certificate)
    authority = _Authority(folder, pair_file.read_bytes())
    ca_file = folder / "ca.pem"
    if not ca_file.exists() or ca_file.read_bytes() != authority.certificate:
        public = _temporary(ca_file, authority.certificate)
        public.chmod(0o644)
        public.replace(ca_file)
    return authority


def _stranger(folder: Path) -> _Authority:
    """Return an authority that nobody trusts and that nothing keeps."""
    certificate, key = new_authority("Somebody else's CA")
    return _Authority(folder, key + certificate)


def _issued(authority: _Authority, hosts: Sequence[str], *, expired: bool = False) -> bytes:
    chain, key = issue(authority.certificate, authority.pair, hosts=hosts, expired=expired)
    return key + chain + authority.certificate


def _write_once(path: Path, data: bytes) -> None:
    """Write a file that appears whole; where it is there already, leave it."""
    temporary = _temporary(path, data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink()


def _temporary(path: Path, data: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # its mode is 600
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
