"""`hearth.loyalty.v1.LoyaltyService`: the same questions and commands as by HTTP."""

from collections.abc import Sequence
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.app import App
from chassis.errors import InvalidRequest
from chassis.facts import add_facts
from chassis.gate.principal import asking
from chassis.pages import page_of, page_size
from chassis.rpc import metadata
from hearth.facts.v1 import facts_pb2, facts_pb2_grpc
from hearth.loyalty.v1 import loyalty_pb2 as pb
from hearth.loyalty.v1 import loyalty_pb2_grpc
from services.loyalty.api.accounts import Accounts
from services.loyalty.domain import commands

BALANCES = ("active", "pending", "held", "debt")


def add_servicers(app: App, server: Any) -> Sequence[str]:
    """Mount the services; returns their full names."""
    loyalty_pb2_grpc.add_LoyaltyServiceServicer_to_server(Servicer(Accounts(app)), server)
    own = pb.DESCRIPTOR.services_by_name["LoyaltyService"].full_name
    return [own, add_facts(app, server, facts_pb2, facts_pb2_grpc)]


class Servicer(loyalty_pb2_grpc.LoyaltyServiceServicer):
    """Translates; everything is decided elsewhere."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def GetAccount(self, request: Any, context: Any) -> Any:
        found, seq = await self._accounts.account(_customer(request))
        own = found.balances
        return pb.GetAccountResponse(
            customer_id=request.customer_id,
            active=own.active,
            pending=own.pending,
            held=own.held,
            debt=found.owed,
            qualifying=found.qualifying_points,
            tier=found.tier,
            version=seq,
        )

    async def ListStatement(self, request: Any, context: Any) -> Any:
        lines = await self._accounts.statement(_customer(request))
        size = page_size(request.page_size)
        shown, following = page_of(lines, size, request.page_token or None)
        return pb.ListStatementResponse(lines=[_line(line) for line in shown], next_page_token=following or "")

    async def ExplainBalance(self, request: Any, context: Any) -> Any:
        balance = request.balance or "active"
        if balance not in BALANCES:
            raise InvalidRequest(f"balance is one of {', '.join(BALANCES)}", "/balance")
        reasons = await self._accounts.explain(_customer(request), balance)
        return pb.ExplainBalanceResponse(
            total=sum(reason.points for reason in reasons),
            reasons=[
                pb.Reason(
                    points=r.points,
                    why=r.why,
                    sentence=r.sentence,
                    rule=r.rule,
                    policy_version=r.policy_version,
                    cause_source=r.cause_source,
                    cause_id=r.cause_id,
                    about=r.about,
                )
                for r in reasons
            ],
        )

    async def HoldPoints(self, request: Any, context: Any) -> Any:
        if request.points < 1:
            raise InvalidRequest("points must be a whole number above zero", "/points")
        answer, done = await self._carry_out(
            request, context, commands.HoldPoints(request.points), request.expected_version or None
        )
        return pb.HoldPointsResponse(
            hold_id=answer["hold_id"], points=answer["points"], until=_timestamp(answer["until"]), version=done.seq
        )

    async def CaptureHold(self, request: Any, context: Any) -> Any:
        _, done = await self._carry_out(request, context, commands.CaptureHold(request.hold_id))
        return pb.CaptureHoldResponse(version=done.seq)

    async def VoidHold(self, request: Any, context: Any) -> Any:
        _, done = await self._carry_out(request, context, commands.VoidHold(request.hold_id))
        return pb.VoidHoldResponse(version=done.seq)

    async def _carry_out(self, request: Any, context: Any, data: Any, expected: int | None = None) -> Any:
        key = metadata(context, "idempotency-key")
        return await self._accounts.command(_customer(request), data, asking().name, key, expected)


def _customer(request: Any) -> str:
    if not 1 <= len(request.customer_id) <= 64:
        raise InvalidRequest("customer_id is 1 to 64 characters", "/customer_id")
    return request.customer_id


def _line(line: Any) -> Any:
    after = line.balances
    return pb.StatementLine(
        time=_timestamp(line.time),
        type=line.type,
        points=line.points,
        why=line.why,
        sentence=line.sentence,
        about=line.about,
        active=after.active,
        pending=after.pending,
        held=after.held,
        debt=-after.debt,
    )


def _timestamp(moment: Any) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made
