"""Facts about the stream itself."""

from contracts.facts.base import FactData
from contracts.fields import Moment


class Progress(FactData, frozen=True):
    """Everything that entered up to `up_to` stands before this record in its partition; timers fire up to here."""

    TYPE = "crm.progress.v1"

    up_to: Moment
