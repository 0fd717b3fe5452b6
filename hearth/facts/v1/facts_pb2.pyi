from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetFactRequest(_message.Message):
    __slots__ = ("key", "source", "id", "type")
    KEY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    key: str
    source: str
    id: str
    type: str
    def __init__(self, key: _Optional[str] = ..., source: _Optional[str] = ..., id: _Optional[str] = ..., type: _Optional[str] = ...) -> None: ...

class Caused(_message.Message):
    __slots__ = ("type", "id")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    type: str
    id: str
    def __init__(self, type: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class GetFactResponse(_message.Message):
    __slots__ = ("state", "seq", "caused", "reason")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[GetFactResponse.State]
        STATE_APPLIED: _ClassVar[GetFactResponse.State]
        STATE_WAITING: _ClassVar[GetFactResponse.State]
        STATE_NOT_READ: _ClassVar[GetFactResponse.State]
        STATE_DEAD: _ClassVar[GetFactResponse.State]
    STATE_UNSPECIFIED: GetFactResponse.State
    STATE_APPLIED: GetFactResponse.State
    STATE_WAITING: GetFactResponse.State
    STATE_NOT_READ: GetFactResponse.State
    STATE_DEAD: GetFactResponse.State
    STATE_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    CAUSED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    state: GetFactResponse.State
    seq: int
    caused: _containers.RepeatedCompositeFieldContainer[Caused]
    reason: str
    def __init__(self, state: _Optional[_Union[GetFactResponse.State, str]] = ..., seq: _Optional[int] = ..., caused: _Optional[_Iterable[_Union[Caused, _Mapping]]] = ..., reason: _Optional[str] = ...) -> None: ...
