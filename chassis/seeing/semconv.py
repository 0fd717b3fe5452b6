"""OpenTelemetry's names as we use them: semantic conventions 1.44. No other module spells one.

Everything that may be an attribute of a span stands here, so it can be read at a glance that nothing is personal: no
paths (a route is a template), no queries, no keys of records, no messages of exceptions.
"""

SCHEMA = "https://opentelemetry.io/schemas/1.44.0"

SERVICE_NAME = "service.name"
SERVICE_NAMESPACE = "service.namespace"
SERVICE_VERSION = "service.version"
SERVICE_INSTANCE_ID = "service.instance.id"

ERROR_TYPE = "error.type"

HTTP_METHOD = "http.request.method"
HTTP_ROUTE = "http.route"
HTTP_STATUS = "http.response.status_code"

RPC_SYSTEM = "rpc.system.name"
RPC_METHOD = "rpc.method"
RPC_STATUS = "rpc.response.status_code"

DB_SYSTEM = "db.system.name"
DB_NAMESPACE = "db.namespace"
DB_COLLECTION = "db.collection.name"
DB_OPERATION = "db.operation.name"

MESSAGING_SYSTEM = "messaging.system"
MESSAGING_DESTINATION = "messaging.destination.name"
MESSAGING_PARTITION = "messaging.destination.partition.id"
MESSAGING_OPERATION = "messaging.operation.name"
MESSAGING_OPERATION_TYPE = "messaging.operation.type"
MESSAGING_BATCH = "messaging.batch.message_count"
MESSAGING_GROUP = "messaging.consumer.group.name"
MESSAGING_OFFSET = "messaging.kafka.offset"

TRACEPARENT, TRACESTATE = "traceparent", "tracestate"
"""Headers of this hop: of the span that sent the record, request or call."""

ORIGIN = "ce_traceparent"
"""The header of a fact's origin: of what set it off in the first place. Written once, then carried on and never changed."""
