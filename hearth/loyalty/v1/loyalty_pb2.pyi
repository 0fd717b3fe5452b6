import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetAccountRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class GetAccountResponse(_message.Message):
    __slots__ = ("customer_id", "active", "pending", "held", "debt", "qualifying", "tier", "version", "blocked")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    DEBT_FIELD_NUMBER: _ClassVar[int]
    QUALIFYING_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    active: int
    pending: int
    held: int
    debt: int
    qualifying: int
    tier: str
    version: int
    blocked: int
    def __init__(self, customer_id: _Optional[str] = ..., active: _Optional[int] = ..., pending: _Optional[int] = ..., held: _Optional[int] = ..., debt: _Optional[int] = ..., qualifying: _Optional[int] = ..., tier: _Optional[str] = ..., version: _Optional[int] = ..., blocked: _Optional[int] = ...) -> None: ...

class ListLotsRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class Lot(_message.Message):
    __slots__ = ("lot_id", "kind", "state", "granted", "pending", "active", "held", "spent", "expired", "reversed", "blocked", "transferred", "expires_at")
    LOT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    SPENT_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    REVERSED_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    TRANSFERRED_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    lot_id: str
    kind: str
    state: str
    granted: int
    pending: int
    active: int
    held: int
    spent: int
    expired: int
    reversed: int
    blocked: int
    transferred: int
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, lot_id: _Optional[str] = ..., kind: _Optional[str] = ..., state: _Optional[str] = ..., granted: _Optional[int] = ..., pending: _Optional[int] = ..., active: _Optional[int] = ..., held: _Optional[int] = ..., spent: _Optional[int] = ..., expired: _Optional[int] = ..., reversed: _Optional[int] = ..., blocked: _Optional[int] = ..., transferred: _Optional[int] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListLotsResponse(_message.Message):
    __slots__ = ("lots",)
    LOTS_FIELD_NUMBER: _ClassVar[int]
    lots: _containers.RepeatedCompositeFieldContainer[Lot]
    def __init__(self, lots: _Optional[_Iterable[_Union[Lot, _Mapping]]] = ...) -> None: ...

class GetTierRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class GetTierResponse(_message.Message):
    __slots__ = ("tier", "status", "qualifying", "grace_until", "missing", "next_tier", "points_to_next")
    TIER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    QUALIFYING_FIELD_NUMBER: _ClassVar[int]
    GRACE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    NEXT_TIER_FIELD_NUMBER: _ClassVar[int]
    POINTS_TO_NEXT_FIELD_NUMBER: _ClassVar[int]
    tier: str
    status: str
    qualifying: int
    grace_until: _timestamp_pb2.Timestamp
    missing: int
    next_tier: str
    points_to_next: int
    def __init__(self, tier: _Optional[str] = ..., status: _Optional[str] = ..., qualifying: _Optional[int] = ..., grace_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., missing: _Optional[int] = ..., next_tier: _Optional[str] = ..., points_to_next: _Optional[int] = ...) -> None: ...

class ExplainFactRequest(_message.Message):
    __slots__ = ("customer_id", "source", "fact")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    FACT_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    source: str
    fact: str
    def __init__(self, customer_id: _Optional[str] = ..., source: _Optional[str] = ..., fact: _Optional[str] = ...) -> None: ...

class ExplainFactResponse(_message.Message):
    __slots__ = ("movements", "silence", "campaigns")
    MOVEMENTS_FIELD_NUMBER: _ClassVar[int]
    SILENCE_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGNS_FIELD_NUMBER: _ClassVar[int]
    movements: _containers.RepeatedCompositeFieldContainer[Reason]
    silence: str
    campaigns: _containers.RepeatedCompositeFieldContainer[CampaignSaid]
    def __init__(self, movements: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ..., silence: _Optional[str] = ..., campaigns: _Optional[_Iterable[_Union[CampaignSaid, _Mapping]]] = ...) -> None: ...

class CampaignSaid(_message.Message):
    __slots__ = ("campaign_id", "why", "sentence", "asked", "given")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    why: str
    sentence: str
    asked: int
    given: int
    def __init__(self, campaign_id: _Optional[str] = ..., why: _Optional[str] = ..., sentence: _Optional[str] = ..., asked: _Optional[int] = ..., given: _Optional[int] = ...) -> None: ...

class BlockLotRequest(_message.Message):
    __slots__ = ("customer_id", "lot_id", "reason")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    LOT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    lot_id: str
    reason: str
    def __init__(self, customer_id: _Optional[str] = ..., lot_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class BlockLotResponse(_message.Message):
    __slots__ = ("active", "blocked", "version")
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    active: int
    blocked: int
    version: int
    def __init__(self, active: _Optional[int] = ..., blocked: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class UnblockLotRequest(_message.Message):
    __slots__ = ("customer_id", "lot_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    LOT_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    lot_id: str
    def __init__(self, customer_id: _Optional[str] = ..., lot_id: _Optional[str] = ...) -> None: ...

class UnblockLotResponse(_message.Message):
    __slots__ = ("active", "blocked", "version")
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    active: int
    blocked: int
    version: int
    def __init__(self, active: _Optional[int] = ..., blocked: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class ListStatementRequest(_message.Message):
    __slots__ = ("customer_id", "page_size", "page_token")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    page_size: int
    page_token: str
    def __init__(self, customer_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class StatementLine(_message.Message):
    __slots__ = ("time", "type", "points", "why", "sentence", "about", "active", "pending", "held", "debt", "blocked")
    TIME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    ABOUT_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    DEBT_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    type: str
    points: int
    why: str
    sentence: str
    about: str
    active: int
    pending: int
    held: int
    debt: int
    blocked: int
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., type: _Optional[str] = ..., points: _Optional[int] = ..., why: _Optional[str] = ..., sentence: _Optional[str] = ..., about: _Optional[str] = ..., active: _Optional[int] = ..., pending: _Optional[int] = ..., held: _Optional[int] = ..., debt: _Optional[int] = ..., blocked: _Optional[int] = ...) -> None: ...

class ListStatementResponse(_message.Message):
    __slots__ = ("lines", "next_page_token")
    LINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[StatementLine]
    next_page_token: str
    def __init__(self, lines: _Optional[_Iterable[_Union[StatementLine, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ExplainBalanceRequest(_message.Message):
    __slots__ = ("customer_id", "balance")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    balance: str
    def __init__(self, customer_id: _Optional[str] = ..., balance: _Optional[str] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ("points", "why", "sentence", "rule", "policy_version", "cause_source", "cause_id", "about", "lots", "campaign_id")
    POINTS_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAUSE_SOURCE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_ID_FIELD_NUMBER: _ClassVar[int]
    ABOUT_FIELD_NUMBER: _ClassVar[int]
    LOTS_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    points: int
    why: str
    sentence: str
    rule: str
    policy_version: str
    cause_source: str
    cause_id: str
    about: str
    lots: _containers.RepeatedCompositeFieldContainer[ReasonLot]
    campaign_id: str
    def __init__(self, points: _Optional[int] = ..., why: _Optional[str] = ..., sentence: _Optional[str] = ..., rule: _Optional[str] = ..., policy_version: _Optional[str] = ..., cause_source: _Optional[str] = ..., cause_id: _Optional[str] = ..., about: _Optional[str] = ..., lots: _Optional[_Iterable[_Union[ReasonLot, _Mapping]]] = ..., campaign_id: _Optional[str] = ...) -> None: ...

class ReasonLot(_message.Message):
    __slots__ = ("lot_id", "points")
    LOT_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    lot_id: str
    points: int
    def __init__(self, lot_id: _Optional[str] = ..., points: _Optional[int] = ...) -> None: ...

class ExplainBalanceResponse(_message.Message):
    __slots__ = ("total", "reasons")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    total: int
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    def __init__(self, total: _Optional[int] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ...) -> None: ...

class HoldPointsRequest(_message.Message):
    __slots__ = ("customer_id", "points", "expected_version")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    points: int
    expected_version: int
    def __init__(self, customer_id: _Optional[str] = ..., points: _Optional[int] = ..., expected_version: _Optional[int] = ...) -> None: ...

class HoldPointsResponse(_message.Message):
    __slots__ = ("hold_id", "points", "until", "version")
    HOLD_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    hold_id: str
    points: int
    until: _timestamp_pb2.Timestamp
    version: int
    def __init__(self, hold_id: _Optional[str] = ..., points: _Optional[int] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class CaptureHoldRequest(_message.Message):
    __slots__ = ("customer_id", "hold_id", "points")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HOLD_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    hold_id: str
    points: int
    def __init__(self, customer_id: _Optional[str] = ..., hold_id: _Optional[str] = ..., points: _Optional[int] = ...) -> None: ...

class CaptureHoldResponse(_message.Message):
    __slots__ = ("version", "points")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    version: int
    points: int
    def __init__(self, version: _Optional[int] = ..., points: _Optional[int] = ...) -> None: ...

class RefundSpendRequest(_message.Message):
    __slots__ = ("customer_id", "hold_id", "points")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HOLD_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    hold_id: str
    points: int
    def __init__(self, customer_id: _Optional[str] = ..., hold_id: _Optional[str] = ..., points: _Optional[int] = ...) -> None: ...

class RefundSpendResponse(_message.Message):
    __slots__ = ("version", "left")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    version: int
    left: int
    def __init__(self, version: _Optional[int] = ..., left: _Optional[int] = ...) -> None: ...

class VoidHoldRequest(_message.Message):
    __slots__ = ("customer_id", "hold_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HOLD_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    hold_id: str
    def __init__(self, customer_id: _Optional[str] = ..., hold_id: _Optional[str] = ...) -> None: ...

class VoidHoldResponse(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: int
    def __init__(self, version: _Optional[int] = ...) -> None: ...

class ListAdjustmentsRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class Adjustment(_message.Message):
    __slots__ = ("adjustment_id", "points", "reason", "proposed_by", "until")
    ADJUSTMENT_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_BY_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    adjustment_id: str
    points: int
    reason: str
    proposed_by: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, adjustment_id: _Optional[str] = ..., points: _Optional[int] = ..., reason: _Optional[str] = ..., proposed_by: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListAdjustmentsResponse(_message.Message):
    __slots__ = ("adjustments",)
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    adjustments: _containers.RepeatedCompositeFieldContainer[Adjustment]
    def __init__(self, adjustments: _Optional[_Iterable[_Union[Adjustment, _Mapping]]] = ...) -> None: ...

class ProposeAdjustmentRequest(_message.Message):
    __slots__ = ("customer_id", "points", "reason")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    points: int
    reason: str
    def __init__(self, customer_id: _Optional[str] = ..., points: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class ProposeAdjustmentResponse(_message.Message):
    __slots__ = ("adjustment_id", "until", "version")
    ADJUSTMENT_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    adjustment_id: str
    until: _timestamp_pb2.Timestamp
    version: int
    def __init__(self, adjustment_id: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class ApproveAdjustmentRequest(_message.Message):
    __slots__ = ("customer_id", "adjustment_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENT_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    adjustment_id: str
    def __init__(self, customer_id: _Optional[str] = ..., adjustment_id: _Optional[str] = ...) -> None: ...

class ApproveAdjustmentResponse(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: int
    def __init__(self, version: _Optional[int] = ...) -> None: ...

class RejectAdjustmentRequest(_message.Message):
    __slots__ = ("customer_id", "adjustment_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENT_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    adjustment_id: str
    def __init__(self, customer_id: _Optional[str] = ..., adjustment_id: _Optional[str] = ...) -> None: ...

class RejectAdjustmentResponse(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: int
    def __init__(self, version: _Optional[int] = ...) -> None: ...

class ListTransfersRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class Transfer(_message.Message):
    __slots__ = ("transfer_id", "points", "direction", "with_member", "until")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    WITH_MEMBER_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    points: int
    direction: str
    with_member: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, transfer_id: _Optional[str] = ..., points: _Optional[int] = ..., direction: _Optional[str] = ..., with_member: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListTransfersResponse(_message.Message):
    __slots__ = ("transfers",)
    TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    transfers: _containers.RepeatedCompositeFieldContainer[Transfer]
    def __init__(self, transfers: _Optional[_Iterable[_Union[Transfer, _Mapping]]] = ...) -> None: ...

class OfferTransferRequest(_message.Message):
    __slots__ = ("customer_id", "to", "points")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    to: str
    points: int
    def __init__(self, customer_id: _Optional[str] = ..., to: _Optional[str] = ..., points: _Optional[int] = ...) -> None: ...

class OfferTransferResponse(_message.Message):
    __slots__ = ("transfer_id", "until", "version")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    until: _timestamp_pb2.Timestamp
    version: int
    def __init__(self, transfer_id: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class AcceptTransferRequest(_message.Message):
    __slots__ = ("customer_id", "transfer_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    transfer_id: str
    def __init__(self, customer_id: _Optional[str] = ..., transfer_id: _Optional[str] = ...) -> None: ...

class AcceptTransferResponse(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: int
    def __init__(self, version: _Optional[int] = ...) -> None: ...

class DeclineTransferRequest(_message.Message):
    __slots__ = ("customer_id", "transfer_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    transfer_id: str
    def __init__(self, customer_id: _Optional[str] = ..., transfer_id: _Optional[str] = ...) -> None: ...

class DeclineTransferResponse(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: int
    def __init__(self, version: _Optional[int] = ...) -> None: ...

class ReconcileRequest(_message.Message):
    __slots__ = ("after", "limit")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    after: str
    limit: int
    def __init__(self, after: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class WrongAccount(_message.Message):
    __slots__ = ("customer_id", "problems")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    problems: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, customer_id: _Optional[str] = ..., problems: _Optional[_Iterable[str]] = ...) -> None: ...

class ReconcileResponse(_message.Message):
    __slots__ = ("accounts", "entries", "sums", "wrong", "next", "campaigns_used", "households")
    class SumsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    SUMS_FIELD_NUMBER: _ClassVar[int]
    WRONG_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGNS_USED_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLDS_FIELD_NUMBER: _ClassVar[int]
    accounts: int
    entries: int
    sums: _containers.ScalarMap[str, int]
    wrong: _containers.RepeatedCompositeFieldContainer[WrongAccount]
    next: str
    campaigns_used: int
    households: int
    def __init__(self, accounts: _Optional[int] = ..., entries: _Optional[int] = ..., sums: _Optional[_Mapping[str, int]] = ..., wrong: _Optional[_Iterable[_Union[WrongAccount, _Mapping]]] = ..., next: _Optional[str] = ..., campaigns_used: _Optional[int] = ..., households: _Optional[int] = ...) -> None: ...

class GetLiabilityRequest(_message.Message):
    __slots__ = ("after", "limit")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    after: str
    limit: int
    def __init__(self, after: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class GetLiabilityResponse(_message.Message):
    __slots__ = ("accounts", "quantities", "ending", "next")
    class QuantitiesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class EndingEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    QUANTITIES_FIELD_NUMBER: _ClassVar[int]
    ENDING_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    accounts: int
    quantities: _containers.ScalarMap[str, int]
    ending: _containers.ScalarMap[str, int]
    next: str
    def __init__(self, accounts: _Optional[int] = ..., quantities: _Optional[_Mapping[str, int]] = ..., ending: _Optional[_Mapping[str, int]] = ..., next: _Optional[str] = ...) -> None: ...

class ReEmitRequest(_message.Message):
    __slots__ = ("after", "limit", "send")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SEND_FIELD_NUMBER: _ClassVar[int]
    after: str
    limit: int
    send: bool
    def __init__(self, after: _Optional[str] = ..., limit: _Optional[int] = ..., send: _Optional[bool] = ...) -> None: ...

class ReEmitResponse(_message.Message):
    __slots__ = ("accounts", "facts", "next")
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    accounts: int
    facts: int
    next: str
    def __init__(self, accounts: _Optional[int] = ..., facts: _Optional[int] = ..., next: _Optional[str] = ...) -> None: ...

class Reward(_message.Message):
    __slots__ = ("reward_id", "name", "price", "tier", "offered", "stock", "given")
    REWARD_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    OFFERED_FIELD_NUMBER: _ClassVar[int]
    STOCK_FIELD_NUMBER: _ClassVar[int]
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    reward_id: str
    name: str
    price: int
    tier: str
    offered: bool
    stock: int
    given: int
    def __init__(self, reward_id: _Optional[str] = ..., name: _Optional[str] = ..., price: _Optional[int] = ..., tier: _Optional[str] = ..., offered: _Optional[bool] = ..., stock: _Optional[int] = ..., given: _Optional[int] = ...) -> None: ...

class ListRewardsRequest(_message.Message):
    __slots__ = ("offered", "page_size", "page_token")
    OFFERED_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    offered: bool
    page_size: int
    page_token: str
    def __init__(self, offered: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRewardsResponse(_message.Message):
    __slots__ = ("rewards", "next_page_token")
    REWARDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rewards: _containers.RepeatedCompositeFieldContainer[Reward]
    next_page_token: str
    def __init__(self, rewards: _Optional[_Iterable[_Union[Reward, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetRewardRequest(_message.Message):
    __slots__ = ("reward_id",)
    REWARD_ID_FIELD_NUMBER: _ClassVar[int]
    reward_id: str
    def __init__(self, reward_id: _Optional[str] = ...) -> None: ...

class GetRewardResponse(_message.Message):
    __slots__ = ("reward", "version")
    REWARD_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    reward: Reward
    version: int
    def __init__(self, reward: _Optional[_Union[Reward, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class DefineRewardRequest(_message.Message):
    __slots__ = ("reward_id", "name", "price", "tier", "offered", "expected_version")
    REWARD_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    OFFERED_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    reward_id: str
    name: str
    price: int
    tier: str
    offered: bool
    expected_version: int
    def __init__(self, reward_id: _Optional[str] = ..., name: _Optional[str] = ..., price: _Optional[int] = ..., tier: _Optional[str] = ..., offered: _Optional[bool] = ..., expected_version: _Optional[int] = ...) -> None: ...

class DefineRewardResponse(_message.Message):
    __slots__ = ("reward", "version")
    REWARD_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    reward: Reward
    version: int
    def __init__(self, reward: _Optional[_Union[Reward, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class ChangeStockRequest(_message.Message):
    __slots__ = ("reward_id", "by")
    REWARD_ID_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    reward_id: str
    by: int
    def __init__(self, reward_id: _Optional[str] = ..., by: _Optional[int] = ...) -> None: ...

class ChangeStockResponse(_message.Message):
    __slots__ = ("reward", "version")
    REWARD_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    reward: Reward
    version: int
    def __init__(self, reward: _Optional[_Union[Reward, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class Redemption(_message.Message):
    __slots__ = ("redemption_id", "reward_id", "points", "state", "at", "until")
    REDEMPTION_ID_FIELD_NUMBER: _ClassVar[int]
    REWARD_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    redemption_id: str
    reward_id: str
    points: int
    state: str
    at: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    def __init__(self, redemption_id: _Optional[str] = ..., reward_id: _Optional[str] = ..., points: _Optional[int] = ..., state: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListRedemptionsRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class ListRedemptionsResponse(_message.Message):
    __slots__ = ("redemptions", "version")
    REDEMPTIONS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    redemptions: _containers.RepeatedCompositeFieldContainer[Redemption]
    version: int
    def __init__(self, redemptions: _Optional[_Iterable[_Union[Redemption, _Mapping]]] = ..., version: _Optional[int] = ...) -> None: ...

class GetRedemptionRequest(_message.Message):
    __slots__ = ("customer_id", "redemption_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REDEMPTION_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    redemption_id: str
    def __init__(self, customer_id: _Optional[str] = ..., redemption_id: _Optional[str] = ...) -> None: ...

class GetRedemptionResponse(_message.Message):
    __slots__ = ("redemption", "version")
    REDEMPTION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    redemption: Redemption
    version: int
    def __init__(self, redemption: _Optional[_Union[Redemption, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class ExplainRedemptionRequest(_message.Message):
    __slots__ = ("customer_id", "redemption_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REDEMPTION_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    redemption_id: str
    def __init__(self, customer_id: _Optional[str] = ..., redemption_id: _Optional[str] = ...) -> None: ...

class RedemptionStep(_message.Message):
    __slots__ = ("state", "at", "why", "sentence", "policy_version", "cause_source", "cause_id")
    STATE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAUSE_SOURCE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_ID_FIELD_NUMBER: _ClassVar[int]
    state: str
    at: _timestamp_pb2.Timestamp
    why: str
    sentence: str
    policy_version: str
    cause_source: str
    cause_id: str
    def __init__(self, state: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., why: _Optional[str] = ..., sentence: _Optional[str] = ..., policy_version: _Optional[str] = ..., cause_source: _Optional[str] = ..., cause_id: _Optional[str] = ...) -> None: ...

class ExplainRedemptionResponse(_message.Message):
    __slots__ = ("steps", "movements")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    MOVEMENTS_FIELD_NUMBER: _ClassVar[int]
    steps: _containers.RepeatedCompositeFieldContainer[RedemptionStep]
    movements: _containers.RepeatedCompositeFieldContainer[Reason]
    def __init__(self, steps: _Optional[_Iterable[_Union[RedemptionStep, _Mapping]]] = ..., movements: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ...) -> None: ...

class GetQuotaRequest(_message.Message):
    __slots__ = ("scope", "quota_id")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    QUOTA_ID_FIELD_NUMBER: _ClassVar[int]
    scope: str
    quota_id: str
    def __init__(self, scope: _Optional[str] = ..., quota_id: _Optional[str] = ...) -> None: ...

class GetQuotaResponse(_message.Message):
    __slots__ = ("scope", "quota_id", "limit", "used", "left", "day", "until")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    QUOTA_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    scope: str
    quota_id: str
    limit: int
    used: int
    left: int
    day: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, scope: _Optional[str] = ..., quota_id: _Optional[str] = ..., limit: _Optional[int] = ..., used: _Optional[int] = ..., left: _Optional[int] = ..., day: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RedeemRewardRequest(_message.Message):
    __slots__ = ("customer_id", "reward_id", "points", "expected_version")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REWARD_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    reward_id: str
    points: int
    expected_version: int
    def __init__(self, customer_id: _Optional[str] = ..., reward_id: _Optional[str] = ..., points: _Optional[int] = ..., expected_version: _Optional[int] = ...) -> None: ...

class RedeemRewardResponse(_message.Message):
    __slots__ = ("redemption", "version")
    REDEMPTION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    redemption: Redemption
    version: int
    def __init__(self, redemption: _Optional[_Union[Redemption, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class FulfilRedemptionRequest(_message.Message):
    __slots__ = ("customer_id", "redemption_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REDEMPTION_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    redemption_id: str
    def __init__(self, customer_id: _Optional[str] = ..., redemption_id: _Optional[str] = ...) -> None: ...

class FulfilRedemptionResponse(_message.Message):
    __slots__ = ("redemption", "version")
    REDEMPTION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    redemption: Redemption
    version: int
    def __init__(self, redemption: _Optional[_Union[Redemption, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class DeliverRedemptionRequest(_message.Message):
    __slots__ = ("customer_id", "redemption_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REDEMPTION_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    redemption_id: str
    def __init__(self, customer_id: _Optional[str] = ..., redemption_id: _Optional[str] = ...) -> None: ...

class DeliverRedemptionResponse(_message.Message):
    __slots__ = ("redemption", "version")
    REDEMPTION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    redemption: Redemption
    version: int
    def __init__(self, redemption: _Optional[_Union[Redemption, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class CancelRedemptionRequest(_message.Message):
    __slots__ = ("customer_id", "redemption_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REDEMPTION_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    redemption_id: str
    def __init__(self, customer_id: _Optional[str] = ..., redemption_id: _Optional[str] = ...) -> None: ...

class CancelRedemptionResponse(_message.Message):
    __slots__ = ("redemption", "version")
    REDEMPTION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    redemption: Redemption
    version: int
    def __init__(self, redemption: _Optional[_Union[Redemption, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class RefundRedemptionRequest(_message.Message):
    __slots__ = ("customer_id", "redemption_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REDEMPTION_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    redemption_id: str
    def __init__(self, customer_id: _Optional[str] = ..., redemption_id: _Optional[str] = ...) -> None: ...

class RefundRedemptionResponse(_message.Message):
    __slots__ = ("redemption", "version")
    REDEMPTION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    redemption: Redemption
    version: int
    def __init__(self, redemption: _Optional[_Union[Redemption, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class TierValue(_message.Message):
    __slots__ = ("lowest", "highest", "bonus", "percent")
    LOWEST_FIELD_NUMBER: _ClassVar[int]
    HIGHEST_FIELD_NUMBER: _ClassVar[int]
    BONUS_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    lowest: str
    highest: str
    bonus: int
    percent: int
    def __init__(self, lowest: _Optional[str] = ..., highest: _Optional[str] = ..., bonus: _Optional[int] = ..., percent: _Optional[int] = ...) -> None: ...

class Campaign(_message.Message):
    __slots__ = ("name", "kind", "starts", "ends", "budget", "bonus", "percent", "tiers", "condition", "when_short")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STARTS_FIELD_NUMBER: _ClassVar[int]
    ENDS_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    BONUS_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    WHEN_SHORT_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: str
    starts: _timestamp_pb2.Timestamp
    ends: _timestamp_pb2.Timestamp
    budget: int
    bonus: int
    percent: int
    tiers: _containers.RepeatedCompositeFieldContainer[TierValue]
    condition: str
    when_short: str
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[str] = ..., starts: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ends: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., budget: _Optional[int] = ..., bonus: _Optional[int] = ..., percent: _Optional[int] = ..., tiers: _Optional[_Iterable[_Union[TierValue, _Mapping]]] = ..., condition: _Optional[str] = ..., when_short: _Optional[str] = ...) -> None: ...

class CampaignStatus(_message.Message):
    __slots__ = ("campaign_id", "campaign", "state", "used", "left", "refused", "grants", "exhausted_at")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    EXHAUSTED_AT_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    campaign: Campaign
    state: str
    used: int
    left: int
    refused: int
    grants: int
    exhausted_at: _timestamp_pb2.Timestamp
    def __init__(self, campaign_id: _Optional[str] = ..., campaign: _Optional[_Union[Campaign, _Mapping]] = ..., state: _Optional[str] = ..., used: _Optional[int] = ..., left: _Optional[int] = ..., refused: _Optional[int] = ..., grants: _Optional[int] = ..., exhausted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListCampaignsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCampaignsResponse(_message.Message):
    __slots__ = ("campaigns", "next_page_token")
    CAMPAIGNS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    campaigns: _containers.RepeatedCompositeFieldContainer[CampaignStatus]
    next_page_token: str
    def __init__(self, campaigns: _Optional[_Iterable[_Union[CampaignStatus, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetCampaignRequest(_message.Message):
    __slots__ = ("campaign_id",)
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    def __init__(self, campaign_id: _Optional[str] = ...) -> None: ...

class GetCampaignResponse(_message.Message):
    __slots__ = ("campaign", "version")
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    campaign: CampaignStatus
    version: int
    def __init__(self, campaign: _Optional[_Union[CampaignStatus, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class DraftCampaignRequest(_message.Message):
    __slots__ = ("campaign",)
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    campaign: Campaign
    def __init__(self, campaign: _Optional[_Union[Campaign, _Mapping]] = ...) -> None: ...

class DraftCampaignResponse(_message.Message):
    __slots__ = ("campaign_id", "version")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    version: int
    def __init__(self, campaign_id: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class UpdateCampaignRequest(_message.Message):
    __slots__ = ("campaign_id", "campaign", "expected_version")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    campaign: Campaign
    expected_version: int
    def __init__(self, campaign_id: _Optional[str] = ..., campaign: _Optional[_Union[Campaign, _Mapping]] = ..., expected_version: _Optional[int] = ...) -> None: ...

class UpdateCampaignResponse(_message.Message):
    __slots__ = ("state", "left", "version")
    STATE_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    state: str
    left: int
    version: int
    def __init__(self, state: _Optional[str] = ..., left: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class SimulateCampaignRequest(_message.Message):
    __slots__ = ("campaign_id", "after", "limit", "since", "until")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    after: str
    limit: int
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    def __init__(self, campaign_id: _Optional[str] = ..., after: _Optional[str] = ..., limit: _Optional[int] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SimulateCampaignResponse(_message.Message):
    __slots__ = ("accounts", "earnings", "cost", "members", "days", "budget", "next")
    class MembersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class DaysEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    EARNINGS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    accounts: int
    earnings: int
    cost: int
    members: _containers.ScalarMap[str, int]
    days: _containers.ScalarMap[str, int]
    budget: int
    next: str
    def __init__(self, accounts: _Optional[int] = ..., earnings: _Optional[int] = ..., cost: _Optional[int] = ..., members: _Optional[_Mapping[str, int]] = ..., days: _Optional[_Mapping[str, int]] = ..., budget: _Optional[int] = ..., next: _Optional[str] = ...) -> None: ...

class ScheduleCampaignRequest(_message.Message):
    __slots__ = ("campaign_id", "expected_version")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    expected_version: int
    def __init__(self, campaign_id: _Optional[str] = ..., expected_version: _Optional[int] = ...) -> None: ...

class ScheduleCampaignResponse(_message.Message):
    __slots__ = ("state", "left", "version", "in_force_from")
    STATE_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_FROM_FIELD_NUMBER: _ClassVar[int]
    state: str
    left: int
    version: int
    in_force_from: _timestamp_pb2.Timestamp
    def __init__(self, state: _Optional[str] = ..., left: _Optional[int] = ..., version: _Optional[int] = ..., in_force_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PauseCampaignRequest(_message.Message):
    __slots__ = ("campaign_id", "expected_version")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    expected_version: int
    def __init__(self, campaign_id: _Optional[str] = ..., expected_version: _Optional[int] = ...) -> None: ...

class PauseCampaignResponse(_message.Message):
    __slots__ = ("state", "left", "version")
    STATE_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    state: str
    left: int
    version: int
    def __init__(self, state: _Optional[str] = ..., left: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class ResumeCampaignRequest(_message.Message):
    __slots__ = ("campaign_id", "expected_version")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    expected_version: int
    def __init__(self, campaign_id: _Optional[str] = ..., expected_version: _Optional[int] = ...) -> None: ...

class ResumeCampaignResponse(_message.Message):
    __slots__ = ("state", "left", "version")
    STATE_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    state: str
    left: int
    version: int
    def __init__(self, state: _Optional[str] = ..., left: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class EndCampaignRequest(_message.Message):
    __slots__ = ("campaign_id", "expected_version")
    CAMPAIGN_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    campaign_id: str
    expected_version: int
    def __init__(self, campaign_id: _Optional[str] = ..., expected_version: _Optional[int] = ...) -> None: ...

class EndCampaignResponse(_message.Message):
    __slots__ = ("state", "left", "version")
    STATE_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    state: str
    left: int
    version: int
    def __init__(self, state: _Optional[str] = ..., left: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class Referral(_message.Message):
    __slots__ = ("referee", "state", "reason", "at", "points", "project_id")
    REFEREE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    referee: str
    state: str
    reason: str
    at: _timestamp_pb2.Timestamp
    points: int
    project_id: str
    def __init__(self, referee: _Optional[str] = ..., state: _Optional[str] = ..., reason: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., points: _Optional[int] = ..., project_id: _Optional[str] = ...) -> None: ...

class ListReferralsRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class ListReferralsResponse(_message.Message):
    __slots__ = ("referrals", "version")
    REFERRALS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    referrals: _containers.RepeatedCompositeFieldContainer[Referral]
    version: int
    def __init__(self, referrals: _Optional[_Iterable[_Union[Referral, _Mapping]]] = ..., version: _Optional[int] = ...) -> None: ...

class GetReferralRequest(_message.Message):
    __slots__ = ("customer_id", "referee")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REFEREE_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    referee: str
    def __init__(self, customer_id: _Optional[str] = ..., referee: _Optional[str] = ...) -> None: ...

class GetReferralResponse(_message.Message):
    __slots__ = ("referral", "version")
    REFERRAL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    referral: Referral
    version: int
    def __init__(self, referral: _Optional[_Union[Referral, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class SubmitReferralRequest(_message.Message):
    __slots__ = ("customer_id", "referee", "project_id", "expected_version")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REFEREE_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    referee: str
    project_id: str
    expected_version: int
    def __init__(self, customer_id: _Optional[str] = ..., referee: _Optional[str] = ..., project_id: _Optional[str] = ..., expected_version: _Optional[int] = ...) -> None: ...

class SubmitReferralResponse(_message.Message):
    __slots__ = ("referral", "version")
    REFERRAL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    referral: Referral
    version: int
    def __init__(self, referral: _Optional[_Union[Referral, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class Invited(_message.Message):
    __slots__ = ("member", "until")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    member: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, member: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PoolLot(_message.Message):
    __slots__ = ("lot_id", "points", "expires_at")
    LOT_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    lot_id: str
    points: int
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, lot_id: _Optional[str] = ..., points: _Optional[int] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Household(_message.Message):
    __slots__ = ("household_id", "head", "members", "invited", "points", "lots")
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    INVITED_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    LOTS_FIELD_NUMBER: _ClassVar[int]
    household_id: str
    head: str
    members: _containers.RepeatedScalarFieldContainer[str]
    invited: _containers.RepeatedCompositeFieldContainer[Invited]
    points: int
    lots: _containers.RepeatedCompositeFieldContainer[PoolLot]
    def __init__(self, household_id: _Optional[str] = ..., head: _Optional[str] = ..., members: _Optional[_Iterable[str]] = ..., invited: _Optional[_Iterable[_Union[Invited, _Mapping]]] = ..., points: _Optional[int] = ..., lots: _Optional[_Iterable[_Union[PoolLot, _Mapping]]] = ...) -> None: ...

class GetHouseholdRequest(_message.Message):
    __slots__ = ("household_id",)
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    household_id: str
    def __init__(self, household_id: _Optional[str] = ...) -> None: ...

class GetHouseholdResponse(_message.Message):
    __slots__ = ("household", "version")
    HOUSEHOLD_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    household: Household
    version: int
    def __init__(self, household: _Optional[_Union[Household, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class ExplainPoolRequest(_message.Message):
    __slots__ = ("household_id",)
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    household_id: str
    def __init__(self, household_id: _Optional[str] = ...) -> None: ...

class ExplainPoolResponse(_message.Message):
    __slots__ = ("total", "reasons")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    total: int
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    def __init__(self, total: _Optional[int] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ...) -> None: ...

class Membership(_message.Message):
    __slots__ = ("household_id", "state", "member", "head", "until")
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    household_id: str
    state: str
    member: str
    head: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, household_id: _Optional[str] = ..., state: _Optional[str] = ..., member: _Optional[str] = ..., head: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListMembershipsRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class ListMembershipsResponse(_message.Message):
    __slots__ = ("household_id", "memberships", "version")
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    MEMBERSHIPS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    household_id: str
    memberships: _containers.RepeatedCompositeFieldContainer[Membership]
    version: int
    def __init__(self, household_id: _Optional[str] = ..., memberships: _Optional[_Iterable[_Union[Membership, _Mapping]]] = ..., version: _Optional[int] = ...) -> None: ...

class FoundHouseholdRequest(_message.Message):
    __slots__ = ("customer_id",)
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    def __init__(self, customer_id: _Optional[str] = ...) -> None: ...

class FoundHouseholdResponse(_message.Message):
    __slots__ = ("household_id", "state", "version")
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    household_id: str
    state: str
    version: int
    def __init__(self, household_id: _Optional[str] = ..., state: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class AcceptHouseholdRequest(_message.Message):
    __slots__ = ("customer_id", "household_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    household_id: str
    def __init__(self, customer_id: _Optional[str] = ..., household_id: _Optional[str] = ...) -> None: ...

class AcceptHouseholdResponse(_message.Message):
    __slots__ = ("household_id", "state", "version")
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    household_id: str
    state: str
    version: int
    def __init__(self, household_id: _Optional[str] = ..., state: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class DeclineHouseholdRequest(_message.Message):
    __slots__ = ("customer_id", "household_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    household_id: str
    def __init__(self, customer_id: _Optional[str] = ..., household_id: _Optional[str] = ...) -> None: ...

class DeclineHouseholdResponse(_message.Message):
    __slots__ = ("household_id", "state", "version")
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    household_id: str
    state: str
    version: int
    def __init__(self, household_id: _Optional[str] = ..., state: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class InviteToHouseholdRequest(_message.Message):
    __slots__ = ("customer_id", "household_id", "member")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    household_id: str
    member: str
    def __init__(self, customer_id: _Optional[str] = ..., household_id: _Optional[str] = ..., member: _Optional[str] = ...) -> None: ...

class InviteToHouseholdResponse(_message.Message):
    __slots__ = ("household", "version")
    HOUSEHOLD_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    household: Household
    version: int
    def __init__(self, household: _Optional[_Union[Household, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class RemoveFromHouseholdRequest(_message.Message):
    __slots__ = ("customer_id", "household_id", "member")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    household_id: str
    member: str
    def __init__(self, customer_id: _Optional[str] = ..., household_id: _Optional[str] = ..., member: _Optional[str] = ...) -> None: ...

class RemoveFromHouseholdResponse(_message.Message):
    __slots__ = ("household", "version")
    HOUSEHOLD_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    household: Household
    version: int
    def __init__(self, household: _Optional[_Union[Household, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class LeaveHouseholdRequest(_message.Message):
    __slots__ = ("customer_id", "household_id")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    household_id: str
    def __init__(self, customer_id: _Optional[str] = ..., household_id: _Optional[str] = ...) -> None: ...

class LeaveHouseholdResponse(_message.Message):
    __slots__ = ("household", "version")
    HOUSEHOLD_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    household: Household
    version: int
    def __init__(self, household: _Optional[_Union[Household, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class ContributePointsRequest(_message.Message):
    __slots__ = ("customer_id", "household_id", "points")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    household_id: str
    points: int
    def __init__(self, customer_id: _Optional[str] = ..., household_id: _Optional[str] = ..., points: _Optional[int] = ...) -> None: ...

class ContributePointsResponse(_message.Message):
    __slots__ = ("contribution_id", "household_id", "points", "version")
    CONTRIBUTION_ID_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    contribution_id: str
    household_id: str
    points: int
    version: int
    def __init__(self, contribution_id: _Optional[str] = ..., household_id: _Optional[str] = ..., points: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class WithdrawPointsRequest(_message.Message):
    __slots__ = ("customer_id", "household_id", "points")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    household_id: str
    points: int
    def __init__(self, customer_id: _Optional[str] = ..., household_id: _Optional[str] = ..., points: _Optional[int] = ...) -> None: ...

class WithdrawPointsResponse(_message.Message):
    __slots__ = ("withdrawal_id", "household_id", "points", "version")
    WITHDRAWAL_ID_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_ID_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    withdrawal_id: str
    household_id: str
    points: int
    version: int
    def __init__(self, withdrawal_id: _Optional[str] = ..., household_id: _Optional[str] = ..., points: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...
