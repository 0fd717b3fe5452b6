"""`hearth.loyalty.v1.LoyaltyService`: the same questions and commands as by HTTP."""

from collections.abc import Sequence
from typing import Any

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
from services.loyalty.api.books import Books
from services.loyalty.api.campaigns import Campaigns
from services.loyalty.api.catalogue import Catalogue
from services.loyalty.api.homes import Homes
from services.loyalty.domain import commands
from services.loyalty.rpc.campaigns import CampaignDoors
from services.loyalty.rpc.households import HouseholdDoors
from services.loyalty.rpc.messages import (
    adjustment,
    line,
    lot,
    many,
    named,
    points_of,
    reason,
    said,
    some_points,
    tier,
    timestamp,
    transfers,
    word,
)
from services.loyalty.rpc.quotas import QuotaDoors
from services.loyalty.rpc.referrals import Referrals
from services.loyalty.rpc.rewards import Rewards

BALANCES = ("active", "pending", "held", "debt", "blocked")


def add_servicers(app: App, server: Any) -> Sequence[str]:
    """Mount the services; returns their full names."""
    accounts = Accounts(app)
    servicer = Servicer(accounts, Books(app), Catalogue(app, accounts), Campaigns(app), Homes(app, accounts))
    loyalty_pb2_grpc.add_LoyaltyServiceServicer_to_server(servicer, server)
    own = pb.DESCRIPTOR.services_by_name["LoyaltyService"].full_name
    return [own, add_facts(app, server, facts_pb2, facts_pb2_grpc)]


class Servicer(Rewards, CampaignDoors, HouseholdDoors, Referrals, QuotaDoors, loyalty_pb2_grpc.LoyaltyServiceServicer):
    """Translates; everything is decided elsewhere."""

    def __init__(
        self, accounts: Accounts, books: Books, catalogue: Catalogue, campaigns: Campaigns, homes: Homes
    ) -> None:
        self._accounts, self._books, self._catalogue = accounts, books, catalogue
        self._campaigns, self._homes = campaigns, homes

    async def GetAccount(self, request: Any, context: Any) -> Any:
        found, seq = await self._accounts.account(named(request, "customer_id"))
        own = found.balances
        return pb.GetAccountResponse(
            customer_id=request.customer_id,
            active=own.active,
            pending=own.pending,
            held=own.held,
            blocked=own.blocked,
            debt=found.owed,
            qualifying=found.qualifying_points,
            tier=found.tier,
            version=seq,
        )

    async def ListStatement(self, request: Any, context: Any) -> Any:
        lines = await self._accounts.statement(named(request, "customer_id"))
        size = page_size(request.page_size)
        shown, following = page_of(lines, size, request.page_token or None)
        return pb.ListStatementResponse(lines=[line(each) for each in shown], next_page_token=following or "")

    async def ExplainBalance(self, request: Any, context: Any) -> Any:
        balance = request.balance or "active"
        if balance not in BALANCES:
            raise InvalidRequest(f"balance is one of {', '.join(BALANCES)}", "/balance")
        reasons = await self._accounts.explain(named(request, "customer_id"), balance)
        return pb.ExplainBalanceResponse(
            total=sum(each.points for each in reasons),
            reasons=[reason(each) for each in reasons],
        )

    async def ExplainFact(self, request: Any, context: Any) -> Any:
        source, fact = named(request, "source", 200), named(request, "fact", 200)
        moved, silence = await self._accounts.explain_fact(named(request, "customer_id"), source, fact)
        campaigns = await self._accounts.campaigns_on(request.customer_id, source, fact)
        return pb.ExplainFactResponse(
            movements=[reason(each) for each in moved], silence=silence, campaigns=[said(each) for each in campaigns]
        )

    async def ListLots(self, request: Any, context: Any) -> Any:
        found, _ = await self._accounts.account(named(request, "customer_id"))
        return pb.ListLotsResponse(lots=[lot(name, each) for name, each in found.lots.items()])

    async def GetTier(self, request: Any, context: Any) -> Any:
        return tier(*await self._accounts.standing(named(request, "customer_id")))

    async def BlockLot(self, request: Any, context: Any) -> Any:
        data = commands.BlockLot(named(request, "lot_id"), word(request, "reason"))
        answer, done = await self._carry_out(request, context, data)
        return pb.BlockLotResponse(active=answer["active"], blocked=answer["blocked"], version=done.seq)

    async def UnblockLot(self, request: Any, context: Any) -> Any:
        answer, done = await self._carry_out(request, context, commands.UnblockLot(named(request, "lot_id")))
        return pb.UnblockLotResponse(active=answer["active"], blocked=answer["blocked"], version=done.seq)

    async def Reconcile(self, request: Any, context: Any) -> Any:
        found = await self._books.reconcile(request.after, many(request))
        wrong = [pb.WrongAccount(customer_id=name, problems=problems) for name, problems in found.wrong.items()]
        return pb.ReconcileResponse(
            accounts=found.accounts,
            households=found.households,
            entries=found.entries,
            sums=found.sums,
            wrong=wrong,
            next=found.following,
            campaigns_used=found.campaigns_used,
        )

    async def GetLiability(self, request: Any, context: Any) -> Any:
        found, accounts, following = await self._books.liability(request.after, many(request))
        return pb.GetLiabilityResponse(
            accounts=accounts, quantities=found.quantities, ending=found.ending, next=following
        )

    async def ReEmit(self, request: Any, context: Any) -> Any:
        accounts, facts, following = await self._books.re_emit(request.after, many(request), not request.send)
        return pb.ReEmitResponse(accounts=accounts, facts=facts, next=following)

    async def ListAdjustments(self, request: Any, context: Any) -> Any:
        found, _ = await self._accounts.account(named(request, "customer_id"))
        return pb.ListAdjustmentsResponse(adjustments=[adjustment(*each) for each in found.proposals.items()])

    async def ProposeAdjustment(self, request: Any, context: Any) -> Any:
        if abs(request.points) > 10**9:
            raise InvalidRequest("points are at most 1,000,000,000 either way", "/points")
        data = commands.ProposeAdjustment(request.points, word(request, "reason"), asking().name)
        answer, done = await self._carry_out(request, context, data)
        until = timestamp(answer["until"])
        return pb.ProposeAdjustmentResponse(adjustment_id=answer["adjustment_id"], until=until, version=done.seq)

    async def ApproveAdjustment(self, request: Any, context: Any) -> Any:
        data = commands.ApproveAdjustment(named(request, "adjustment_id"), asking().name)
        _, done = await self._carry_out(request, context, data)
        return pb.ApproveAdjustmentResponse(version=done.seq)

    async def RejectAdjustment(self, request: Any, context: Any) -> Any:
        data = commands.RejectAdjustment(named(request, "adjustment_id"), asking().name)
        _, done = await self._carry_out(request, context, data)
        return pb.RejectAdjustmentResponse(version=done.seq)

    async def ListTransfers(self, request: Any, context: Any) -> Any:
        found, _ = await self._accounts.account(named(request, "customer_id"))
        return pb.ListTransfersResponse(transfers=transfers(found))

    async def OfferTransfer(self, request: Any, context: Any) -> Any:
        points, customer, to = points_of(request), named(request, "customer_id"), named(request, "to")
        key = metadata(context, "idempotency-key")
        answer, done = await self._accounts.offer(customer, to, points, asking().name, key)
        until = timestamp(answer["until"])
        return pb.OfferTransferResponse(transfer_id=answer["transfer_id"], until=until, version=done.seq)

    async def AcceptTransfer(self, request: Any, context: Any) -> Any:
        data = commands.AcceptTransfer(named(request, "transfer_id"))
        _, done = await self._carry_out(request, context, data)
        return pb.AcceptTransferResponse(version=done.seq)

    async def DeclineTransfer(self, request: Any, context: Any) -> Any:
        data = commands.DeclineTransfer(named(request, "transfer_id"))
        _, done = await self._carry_out(request, context, data)
        return pb.DeclineTransferResponse(version=done.seq)

    async def HoldPoints(self, request: Any, context: Any) -> Any:
        if request.points < 1:
            raise InvalidRequest("points must be a whole number above zero", "/points")
        answer, done = await self._carry_out(
            request, context, commands.HoldPoints(request.points), request.expected_version or None
        )
        return pb.HoldPointsResponse(
            hold_id=answer["hold_id"], points=answer["points"], until=timestamp(answer["until"]), version=done.seq
        )

    async def CaptureHold(self, request: Any, context: Any) -> Any:
        data = commands.CaptureHold(request.hold_id, some_points(request))
        answer, done = await self._carry_out(request, context, data)
        return pb.CaptureHoldResponse(version=done.seq, points=answer.get("points", 0))

    async def VoidHold(self, request: Any, context: Any) -> Any:
        _, done = await self._carry_out(request, context, commands.VoidHold(request.hold_id))
        return pb.VoidHoldResponse(version=done.seq)

    async def RefundSpend(self, request: Any, context: Any) -> Any:
        data = commands.RefundSpend(request.hold_id, some_points(request))
        answer, done = await self._carry_out(request, context, data)
        return pb.RefundSpendResponse(version=done.seq, left=answer["left"])

    async def _carry_out(self, request: Any, context: Any, data: Any, expected: int | None = None) -> Any:
        key = metadata(context, "idempotency-key")
        return await self._accounts.command(named(request, "customer_id"), data, asking().name, key, expected)
