"""MongoDB: chains, views, watermarks, dead letters. The only place of the chassis that imports pymongo.

Everything is written with majority and journal, everything that decides is read with majority from the primary.
"""

from chassis.store.connect import connect
from chassis.store.mongo import MongoStore

__all__ = ["MongoStore", "connect"]
