import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hearth.leads.v1 import leads_pb2 as _leads_pb2
from hearth.loyalty.v1 import loyalty_pb2 as _loyalty_pb2
from hearth.service_tickets.v1 import service_tickets_pb2 as _service_tickets_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SearchRequest(_message.Message):
    __slots__ = ("type", "value", "issuer")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    type: str
    value: str
    issuer: str
    def __init__(self, type: _Optional[str] = ..., value: _Optional[str] = ..., issuer: _Optional[str] = ...) -> None: ...

class SearchResponse(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class MergeRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    WITH_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ..., **kwargs) -> None: ...

class MergeResponse(_message.Message):
    __slots__ = ("merge_id", "merged", "survivor")
    MERGE_ID_FIELD_NUMBER: _ClassVar[int]
    MERGED_FIELD_NUMBER: _ClassVar[int]
    SURVIVOR_FIELD_NUMBER: _ClassVar[int]
    merge_id: str
    merged: str
    survivor: str
    def __init__(self, merge_id: _Optional[str] = ..., merged: _Optional[str] = ..., survivor: _Optional[str] = ...) -> None: ...

class UnmergeRequest(_message.Message):
    __slots__ = ("customer_id", "merge_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    MERGE_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    merge_id: str
    def __init__(self, customer_id: _Optional[str] = ..., merge_id: _Optional[str] = ...) -> None: ...

class UnmergeResponse(_message.Message):
    __slots__ = ("merge_id", "merged", "survivor")
    MERGE_ID_FIELD_NUMBER: _ClassVar[int]
    MERGED_FIELD_NUMBER: _ClassVar[int]
    SURVIVOR_FIELD_NUMBER: _ClassVar[int]
    merge_id: str
    merged: str
    survivor: str
    def __init__(self, merge_id: _Optional[str] = ..., merged: _Optional[str] = ..., survivor: _Optional[str] = ...) -> None: ...

class RevealRequest(_message.Message):
    __slots__ = ("customer_id", "references", "reason")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    references: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    def __init__(self, customer_id: _Optional[str] = ..., references: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ...) -> None: ...

class Revealed(_message.Message):
    __slots__ = ("reference", "value")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    reference: str
    value: str
    def __init__(self, reference: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class RevealResponse(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedCompositeFieldContainer[Revealed]
    def __init__(self, values: _Optional[_Iterable[_Union[Revealed, _Mapping]]] = ...) -> None: ...

class GetCustomerRequest(_message.Message):
    __slots__ = ("customer_id", "as_of", "known_at")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    KNOWN_AT_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    as_of: _timestamp_pb2.Timestamp
    known_at: _timestamp_pb2.Timestamp
    def __init__(self, customer_id: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., known_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Mark(_message.Message):
    __slots__ = ("time", "source", "id", "type")
    TIME_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    source: str
    id: str
    type: str
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source: _Optional[str] = ..., id: _Optional[str] = ..., type: _Optional[str] = ...) -> None: ...

class Kind(_message.Message):
    __slots__ = ("type", "count", "first", "last")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    type: str
    count: int
    first: Mark
    last: Mark
    def __init__(self, type: _Optional[str] = ..., count: _Optional[int] = ..., first: _Optional[_Union[Mark, _Mapping]] = ..., last: _Optional[_Union[Mark, _Mapping]] = ...) -> None: ...

class Total(_message.Message):
    __slots__ = ("name", "amount", "currency", "last")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    name: str
    amount: str
    currency: str
    last: Mark
    def __init__(self, name: _Optional[str] = ..., amount: _Optional[str] = ..., currency: _Optional[str] = ..., last: _Optional[_Union[Mark, _Mapping]] = ...) -> None: ...

class GetCustomerResponse(_message.Message):
    __slots__ = ("customer_id", "version", "facts", "kinds", "totals", "timeline")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    version: int
    facts: int
    kinds: _containers.RepeatedCompositeFieldContainer[Kind]
    totals: _containers.RepeatedCompositeFieldContainer[Total]
    timeline: _containers.RepeatedCompositeFieldContainer[Mark]
    def __init__(self, customer_id: _Optional[str] = ..., version: _Optional[int] = ..., facts: _Optional[int] = ..., kinds: _Optional[_Iterable[_Union[Kind, _Mapping]]] = ..., totals: _Optional[_Iterable[_Union[Total, _Mapping]]] = ..., timeline: _Optional[_Iterable[_Union[Mark, _Mapping]]] = ...) -> None: ...

class Get360Request(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class Note(_message.Message):
    __slots__ = ("service", "reason")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    service: str
    reason: str
    def __init__(self, service: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Get360Response(_message.Message):
    __slots__ = ("customer_id", "customer", "leads", "tickets", "account", "satisfaction", "notes")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    LEADS_FIELD_NUMBER: _ClassVar[int]
    TICKETS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SATISFACTION_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    customer: GetCustomerResponse
    leads: _containers.RepeatedCompositeFieldContainer[_leads_pb2.Lead]
    tickets: _containers.RepeatedCompositeFieldContainer[_service_tickets_pb2.Ticket]
    account: _loyalty_pb2.GetAccountResponse
    satisfaction: _service_tickets_pb2.GetSatisfactionResponse
    notes: _containers.RepeatedCompositeFieldContainer[Note]
    def __init__(self, customer_id: _Optional[str] = ..., customer: _Optional[_Union[GetCustomerResponse, _Mapping]] = ..., leads: _Optional[_Iterable[_Union[_leads_pb2.Lead, _Mapping]]] = ..., tickets: _Optional[_Iterable[_Union[_service_tickets_pb2.Ticket, _Mapping]]] = ..., account: _Optional[_Union[_loyalty_pb2.GetAccountResponse, _Mapping]] = ..., satisfaction: _Optional[_Union[_service_tickets_pb2.GetSatisfactionResponse, _Mapping]] = ..., notes: _Optional[_Iterable[_Union[Note, _Mapping]]] = ...) -> None: ...
