"""A copy of databases in one file, and putting it back: every part with its hash, keys sealed, all signed.

Nothing need stop for a copy: what refers is copied before what it refers to (watermarks first, chains last), so a copy is
never settled beyond what it holds. After putting one back, the task `after-restore` makes each service safe to start.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
from bson import CodecOptions, decode_file_iter, json_util
from bson.raw_bson import RawBSONDocument
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pymongo import MongoClient

RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
FIRST = ("slots", "topics", "dead", "policies", "inbox", "links")
LAST = ("claims", "vault", "people")
BATCH = 500
KEYS, MANIFEST, SIGNED = "keys.sealed", "manifest.json", "manifest.mac"


class ArchiveError(Exception):
    """A copy cannot be made or put back; `code` is stable, the text says why and what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Part(msgspec.Struct, frozen=True):
    """One file of the archive: its SHA-256, and how many documents are in it."""

    sha256: str
    documents: int = 0


class Manifest(msgspec.Struct, frozen=True):
    """What a copy consists of. `indexes`: database/collection → its indexes as extended JSON."""

    format: int
    made_at: datetime
    parts: dict[str, Part]
    indexes: dict[str, str]


class Passphrase(NamedTuple):
    """What seals keys and signs the manifest, derived from a passphrase and a salt."""

    salt: bytes
    sealing: bytes
    signing: bytes

    @classmethod
    def of(cls, words: bytes, salt: bytes) -> Passphrase:
        """Derived so slowly (scrypt) that guessing takes long. Raises `ArchiveError` if it is shorter than 12 bytes."""
        if len(words) < 12:
            raise ArchiveError("passphrase_short", "a passphrase has at least 12 characters")
        derived = Scrypt(salt=salt, length=64, n=2**15, r=8, p=1).derive(words)
        return cls(salt, derived[:32], derived[32:])


def back_up(url: str, prefix: str, path: Path, words: bytes, keys: Mapping[str, bytes], now: datetime) -> Manifest:
    """Copy every database whose name begins with `prefix`, and these keys, into a new file. Raises `ArchiveError`."""
    own, parts, indexes = Passphrase.of(words, os.urandom(16)), dict[str, Part](), dict[str, str]()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar, MongoClient(url) as client:
        for database in _databases(client, prefix):
            for name in sorted(client[database].list_collection_names(), key=_order):
                collection = client[database].get_collection(name, codec_options=RAW)
                place = f"{database.removeprefix(prefix)}/{name}"
                parts[f"{place}.bson"] = _copy(tar, f"{place}.bson", collection)
                indexes[place] = json_util.dumps(list(client[database][name].list_indexes()))
        nonce = os.urandom(12)
        sealed = own.salt + nonce + AESGCM(own.sealing).encrypt(nonce, msgspec.msgpack.encode(dict(keys)), None)
        parts[KEYS] = Part(_add(tar, KEYS, sealed))
        manifest = Manifest(1, now, parts, indexes)
        _add(tar, MANIFEST, raw := msgspec.json.encode(manifest))
        _add(tar, SIGNED, hmac.digest(own.signing, raw, "sha256"))
    return manifest


def put_back(
    url: str, prefix: str, path: Path, words: bytes, force: bool, accept: Callable[[Mapping[str, bytes]], None]
) -> tuple[Manifest, dict[str, bytes]]:
    """Put a copy back; returns what it consists of, and its keys. Everything is checked before anything is written; a
    target that holds something is refused unless `force`, and then erased. `accept` may refuse the keys. Raises
    `ArchiveError`.
    """
    with tarfile.open(path) as tar, MongoClient(url) as client:
        manifest, keys = _checked(tar, words)
        accept(keys)
        there = [name for name in _databases(client, prefix) if _holds(client[name])]
        if there and not force:
            raise ArchiveError("target_not_empty", f"{', '.join(there)} hold documents; --force erases them first")
        for name in there:
            client.drop_database(name)
        for name, part in manifest.parts.items():
            if name.endswith(".bson"):
                _fill(client, prefix, name.removesuffix(".bson"), _member(tar, name), part, manifest)
    return manifest, keys


def _databases(client: MongoClient[Any], prefix: str) -> list[str]:
    return sorted(name for name in client.list_database_names() if name.startswith(prefix))


def _holds(database: Any) -> bool:
    return any(database[name].find_one() is not None for name in database.list_collection_names())


def _order(collection: str) -> tuple[int, str]:
    """What refers to others comes before them."""
    if collection in FIRST:
        return FIRST.index(collection), collection
    return (9 if collection.endswith(".chain") else 8 if collection in LAST else 7), collection


def _copy(tar: tarfile.TarFile, name: str, collection: Any) -> Part:
    digest, number = hashlib.sha256(), 0
    with tempfile.TemporaryFile() as file:
        for document in collection.find():
            file.write(document.raw)
            digest.update(document.raw)
            number += 1
        info = tarfile.TarInfo(name)
        info.size = file.tell()
        file.seek(0)
        tar.addfile(info, file)
    return Part(digest.hexdigest(), number)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> str:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, file)
    return hashlib.sha256(content).hexdigest()


def _checked(tar: tarfile.TarFile, words: bytes) -> tuple[Manifest, dict[str, bytes]]:
    sealed, raw = _member(tar, KEYS).read(), _member(tar, MANIFEST).read()
    own = Passphrase.of(words, sealed[:16])
    if not hmac.compare_digest(hmac.digest(own.signing, raw, "sha256"), _member(tar, SIGNED).read()):
        raise ArchiveError("passphrase_wrong", "the passphrase is another one, or the list of parts was changed")
    manifest = msgspec.json.decode(raw, type=Manifest)
    for name, part in manifest.parts.items():
        if hashlib.file_digest(_member(tar, name), "sha256").hexdigest() != part.sha256:  # type: ignore[arg-type]
            raise ArchiveError("part_damaged", f"{name} is not what was copied; use another copy")
    try:
        opened = AESGCM(own.sealing).decrypt(sealed[16:28], sealed[28:], None)
    except InvalidTag:
        raise ArchiveError("part_damaged", f"{KEYS} is not what was copied; use another copy") from None
    return manifest, msgspec.msgpack.decode(opened, type=dict[str, bytes])


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        found = tar.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise ArchiveError("part_damaged", f"{name} is missing; use another copy")
    return found


def _fill(client: MongoClient[Any], prefix: str, place: str, file: IO[bytes], part: Part, manifest: Manifest) -> None:
    database, _, name = place.partition("/")
    collection = client[prefix + database].get_collection(name, codec_options=RAW)
    number = 0
    for batch in _batches(decode_file_iter(file, RAW)):
        collection.insert_many(batch, ordered=False)
        number += len(batch)
    if number != part.documents:
        raise ArchiveError("part_damaged", f"{place} has {number} documents, {part.documents} were copied")
    for index in json_util.loads(manifest.indexes[place]):
        if index["name"] != "_id_":
            options = {key: value for key, value in index.items() if key not in ("key", "v", "ns")}
            fields = [(field, int(order)) for field, order in index["key"].items()]
            client[prefix + database][name].create_index(fields, **options)


def _batches(documents: Any) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for document in documents:
        batch.append(document)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
