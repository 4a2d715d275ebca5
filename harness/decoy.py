"""A listener that is not KUMA: the far end of a redirect, or a server with a wrong certificate.

Decides nothing about connectors; it notes what arrives and answers a login page. Rule: it listens on
loopback only, and is gone when it is left.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAGE: Final = b"<!doctype html><title>Sign in</title><h1>Sign in to continue</h1>"
_ANSWER: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_PAGE), _PAGE)
)
_MOST: Final = 64 * 1024
_PATIENCE: Final = 5.0
_HOST: Final = "127.0.0.1"


class Decoy:
    """What came to the listener: ``visits`` counts connections, ``heard`` is what was said on them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.visits = 0
        self.heard: list[bytes] = []


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[Decoy]:
    """Listen, with TLS where a context is given, until the block is left."""
    with socket.create_server((_HOST, 0)) as server:
        decoy = Decoy(server.getsockname()[1])
        stop = threading.Event()
        thread = threading.Thread(target=_serve, args=(server, context, decoy, stop), daemon=True)
        thread.start()
        try:
            yield decoy
        finally:
            stop.set()
            thread.join(_PATIENCE)


def _serve(
    server: socket.socket, context: ssl.SSLContext | None, decoy: Decoy, stop: threading.Event
) -> None:
    server.settimeout(0.1)
    while not stop.is_set():
        try:
            visitor, _ = server.accept()
        except TimeoutError:
            continue
        decoy.visits += 1
        with visitor:
            visitor.settimeout(_PATIENCE)
            try:
                _attend(visitor, context, decoy)
            except OSError:
                # The visitor left, or refused the certificate: that is what it should do.
                continue


def _attend(visitor: socket.socket, context: ssl.SSLContext | None, decoy: Decoy) -> None:
    if context is not None:
        visitor = context.wrap_socket(visitor, server_side=True)
    said = b""
    while b"\r\n\r\n" not in said and len(said) < _MOST:
        chunk = visitor.recv(_MOST)
        if not chunk:
            break
        said += chunk
    if said:
        decoy.heard.append(said)
        visitor.sendall(_ANSWER)
    visitor.close()


class Authority:
    """A certificate authority of our own, which no KUMA knows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Kuma harness authority")
        today = dt.datetime.now(dt.UTC)
        certificate = (
            _builder(self._name, self._name, self._key.public_key())
            .not_valid_before(today - dt.timedelta(days=400))
            .not_valid_after(today + dt.timedelta(days=400))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, *, host: str = _HOST, expired: bool = False) -> ssl.SSLContext:
        """Return a server's TLS context with a certificate for ``host``, an IP address or a name."""
        key = ec.generate_private_key(ec.SECP256R1())
        end = dt.datetime.now(dt.UTC) + dt.timedelta(days=-2 if expired else 30)
        certificate = (
            _builder(_name(host), self._name, key.public_key())
            .not_valid_before(end - dt.timedelta(days=90))
            .not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName([_san(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        file = self._folder / f"server-{'expired' if expired else host}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _san(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
