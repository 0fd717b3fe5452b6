"""Redemptions: HELD (the points are set aside) → CONFIRMED (a piece is reserved, the points are spent) → FULFILLING →
DELIVERED; HELD → RELEASED; CONFIRMED, FULFILLING → CANCELLED; DELIVERED → REFUNDED.

The account asks the reward for a piece by a fact on `crm.self.loyalty`, and spends when the reward has one. That decision it
tells the account that asked, usually itself: where a merge makes an account again, what was spent stays spent, and with who
asked (`merging.replay`). Whatever gives the points back tells the reward, so that a piece that comes too late goes back; and
of a piece that came back the reward tells who asked, for between a merge and its end two accounts may decide on it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.loyalty import DebtOpened, PointsSpent
from contracts.facts.rewards import (
    RedemptionConfirmed,
    RedemptionState,
    RewardAnswered,
    RewardDelivered,
    RewardRedeemed,
    RewardRequested,
)
from services.loyalty.domain import commands
from services.loyalty.domain.errors import TooManyRedemptions, UnknownRedemption, UnknownSpend, WrongRedemptionState
from services.loyalty.domain.holds import give_back, return_piece, say_redemption, set_aside
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.marks import mark_of
from services.loyalty.domain.model import GOING_ON, LENT, Account, Hold, Lot, Redemption
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.refunds import give_back_spend, refundable_until, remembered

MOST_REDEMPTIONS = 50
"""Redemptions of an account that may go on at a time; and so many that have come to an end are remembered, the newest."""

Told = tuple[Account, Sequence[Effect]]


def redeem_reward(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Set the price aside and ask the reward for a piece."""
    asked: commands.RedeemReward = fact.data
    if sum(each.state in GOING_ON for each in account.redemptions.values()) >= MOST_REDEMPTIONS:
        raise TooManyRedemptions(f"{MOST_REDEMPTIONS} redemptions of an account may go on at a time")
    book = Book(account, fact, now, policy, "redeem_reward", asked.reward_id)
    until = now + timedelta(minutes=policy.hold_minutes)
    hold = Hold(until, set_aside(book, asked.points, until, "reward_requested"), reward=asked.reward_id)
    wanted = RewardRequested(fact.id, fact.subject, asked.points, account.tier)
    book.effects.append(Effect("RewardRequested", wanted, fact.id, asked.reward_id))
    redemption = Redemption(asked.reward_id, asked.points, "HELD", now, fact.subject)
    say_redemption(book, fact.id, redemption, "reward_requested")
    kept = _remembered(account.redemptions)
    return book.close(holds={**account.holds, fact.id: hold}, redemptions={**kept, fact.id: redemption})


def settle_redemption(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """The reward has answered: spend the points, or give them back, also what is spent already, for the piece is not there any
    more. Who has given them back has told the reward.
    """
    answered: RewardAnswered = fact.data
    name, hold = answered.redemption_id, account.holds.get(answered.redemption_id)
    book = Book(account, fact, now, policy, "settle_redemption", answered.reward_id)
    if hold is None:
        known = account.redemptions.get(name)
        if answered.reserved or known is None or known.state not in GOING_ON:
            return account, ()
        return _undo(book, name, replace(known, state="CANCELLED", at=now), answered.why)
    if not answered.reserved:
        give_back(book, name, answered.why, piece=False)
        return book.close()
    said = RedemptionConfirmed(name, answered.reward_id, hold.points)
    book.effects.append(Effect("RedemptionConfirmed", said, name, answered.customer))
    return _confirm(book, name, hold)


def stand_by_redemption(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """The account has spent the points, unless a merge has made it again meanwhile: then it does now, on credit if need be;
    but not what was given up before this came.
    """
    confirmed: RedemptionConfirmed = fact.data
    name, known = confirmed.redemption_id, account.redemptions.get(confirmed.redemption_id)
    if account.has_mark(_mark(name)) or (known and known.state == "RELEASED"):
        return account, ()
    book = Book(account, fact, now, policy, "stand_by_redemption", confirmed.reward_id)
    return _confirm(book, name, account.holds.get(name) or _lent(book, confirmed))


def fulfil_redemption(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Somebody has begun to hand it out."""
    book = Book(account, fact, now, policy, "fulfil_redemption", fact.data.redemption_id)
    return _become(book, fact.data.redemption_id, _after(book, ("CONFIRMED",), "FULFILLING"), "told_by_staff").close()


def deliver_redemption(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """The member has it; the reward hears that it will not come back."""
    name = fact.data.redemption_id
    book = Book(account, fact, now, policy, "deliver_redemption", name)
    delivered = _after(book, ("CONFIRMED", "FULFILLING"), "DELIVERED")
    book.effects.append(Effect("RewardDelivered", RewardDelivered(name), name, delivered.reward))
    return _become(book, name, delivered, "told_by_staff").close()


def cancel_redemption(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """It will not be delivered: the points come back, and the piece."""
    name = fact.data.redemption_id
    book = Book(account, fact, now, policy, "cancel_redemption", name)
    cancelled = _after(book, ("CONFIRMED", "FULFILLING"), "CANCELLED")
    return_piece(book, name, cancelled)
    return _undo(book, name, cancelled, "told_by_staff")


def refund_redemption(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """It was delivered, and the points come back."""
    book = Book(account, fact, now, policy, "refund_redemption", fact.data.redemption_id)
    return _undo(book, fact.data.redemption_id, _after(book, ("DELIVERED",), "REFUNDED"), "told_by_staff")


def _confirm(book: Book, name: str, hold: Hold) -> Told:
    account = book.account
    book.move(hold.parts, "held", "spent")
    book.post(PointsSpent, "reward_redeemed", "held", "redeemed", hold.parts, hold_id=name)
    said = RewardRedeemed(name, hold.reward, hold.points, book.policy.version, book.cause)
    book.effects.append(Effect("RewardRedeemed", said, name))
    known = account.redemptions.get(name)
    asker = known.asker if known else book.fact.subject
    redemption = Redemption(hold.reward, hold.points, "CONFIRMED", book.now, asker)
    return book.close(
        holds={key: each for key, each in account.holds.items() if key != name},
        spends=remembered(account, name, hold.parts, book.now, book.policy),
        redemptions={**account.redemptions, name: redemption},
        once=account.once + _mark(name),
    )


def _lent(book: Book, confirmed: RedemptionConfirmed) -> Hold:
    """What was spent and is not there any more, because a merge was undone, is owed."""
    parts = {LENT: confirmed.points}
    book.lots.setdefault(LENT, Lot(LENT))
    book.move(parts, "granted", "held")
    book.post(DebtOpened, "redemption_lent", "debt", "held", parts)
    return Hold(book.now, parts, reward=confirmed.reward_id)


def _after(book: Book, states: tuple[RedemptionState, ...], to: RedemptionState) -> Redemption:
    """The redemption that the command names, in the state that follows one of these; raises what is against it."""
    redemption = book.account.redemptions.get(book.fact.data.redemption_id)
    if redemption is None:
        raise UnknownRedemption("it was never made, or ended long ago", "/redemption_id")
    if redemption.state not in states:
        raise WrongRedemptionState(f"it is {redemption.state}, and would have to be {' or '.join(states)}")
    return replace(redemption, state=to, at=book.now)


def _become(book: Book, name: str, redemption: Redemption, why: str) -> Book:
    say_redemption(book, name, redemption, why)
    book.account = replace(book.account, redemptions={**book.account.redemptions, name: redemption})
    return book


def _undo(book: Book, name: str, ended: Redemption, why: str) -> Told:
    """The redemption has ended, and its points come back."""
    account = _become(book, name, ended, why).account
    spend = account.spends.get(name)
    if spend is None or (ended.state == "REFUNDED" and refundable_until(spend, book.policy) <= book.now):
        raise UnknownSpend("its points are refunded already, or it was too long ago", "/redemption_id")
    give_back_spend(book, spend.parts, name)
    return book.close(spends={key: each for key, each in account.spends.items() if key != name})


def _remembered(redemptions: Mapping[str, Redemption]) -> dict[str, Redemption]:
    """Those that go on, and of those that do not the newest."""
    over = sorted((each.at, name) for name, each in redemptions.items() if each.state not in GOING_ON)
    forgotten = {name for _, name in over[:-MOST_REDEMPTIONS]}
    return {name: each for name, each in redemptions.items() if name not in forgotten}


def _mark(redemption_id: str) -> bytes:
    """What says that a redemption was confirmed."""
    return mark_of("redemption", redemption_id)
