"""The fold: how a batch of facts becomes state, memory and outgoing facts, once.

`model` the words · `memory` which facts an entity knows · `rules` the pure folding of one entity · `ports` what the
protocol needs from a database and a broker · `lane` one batch, step by step · `views` what people search ·
`doors` commands and timers · `slots` opening and closing a partition of a topic incarnation · `compaction` · `restore`.
Nothing here knows MongoDB, Kafka, asyncio or a clock: the simulator in `tests/simulator` runs this very code.
"""

from chassis.fold.model import Due, Effects, Fact, Head, Key, Kind, Out, Recorded, Rule, Version, Watermark
from chassis.fold.ports import Broker, Language, Store, Transient

__all__ = [
    "Broker",
    "Due",
    "Effects",
    "Fact",
    "Head",
    "Key",
    "Kind",
    "Language",
    "Out",
    "Recorded",
    "Rule",
    "Store",
    "Transient",
    "Version",
    "Watermark",
]
