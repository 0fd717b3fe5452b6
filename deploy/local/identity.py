"""What services show each other, made for tests and laptops: signing keys, and certificates of an authority of one's own."""

import datetime
import ipaddress
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hearth.cli.keys import identities, write_secret

DAYS = 30


def signing_keys(folder: Path, services: Iterable[str]) -> Path:
    """A directory for `HEARTH_IDENTITY_DIR`: a new key for each service, and the public ones of all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    identities(folder, services)
    return folder


def certificates(folder: Path) -> Path:
    """A directory for `HEARTH_TLS_DIR`: a new authority, and a certificate of it for loopback."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Hearth local authority", authority, "Hearth local authority", authority, ca=True)
    leaf = _certificate("localhost", own, "Hearth local authority", authority, ca=False)
    (folder / "ca.crt").write_bytes(root)
    (folder / "tls.crt").write_bytes(leaf + root)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_secret(folder / "tls.key", own.private_bytes(*form))
    return folder


def _certificate(
    subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, *, ca: bool
) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    return made.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
