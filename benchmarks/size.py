"""`bytes_<service>`: what a customer takes in each service's database, in bytes of BSON: versions, views and all else, whole
history, neither compressed nor compacted, without indexes. A customer has five events: described, captured, visited, asked,
signed. `python -m benchmarks.size EVENTS`; engines by `KAFKA_BOOTSTRAP` and `MONGO_URL`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from bson import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from benchmarks.intake import publish, start, until, worked
from benchmarks.running import migrated
from contracts.catalog import ALL
from deploy.local.runner import Run
from hearth.cli.load import KINDS

EVENTS = 20_000
RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)


def measure(events: int) -> dict[str, float]:
    """Bytes a customer, by service."""
    with migrated() as run, MongoClient[Any](run.engines.mongo_url) as client:
        publish(run, events)
        start(run, run.services, "worker")
        for service in ALL:
            until(lambda name=service: worked(run, client, name, "crm.journal"), lambda done: done >= events)
        return {service: stored(run, client, service) / (events / len(KINDS)) for service in ALL}


def stored(run: Run, client: MongoClient[Any], service: str) -> int:
    """Bytes of all documents of a service."""
    database = client[f"{run.settings['HEARTH_NAMESPACE']}_hearth_{service}"]
    names = database.list_collection_names()
    found = {name: sum(len(each.raw) for each in database.get_collection(name, RAW).find()) for name in names}
    print(service, {name: size for name, size in sorted(found.items()) if size > 100_000}, file=sys.stderr)
    return sum(found.values())


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)))
