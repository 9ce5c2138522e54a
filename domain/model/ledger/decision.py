"""What a decision is: the member after it, and one row of the journal for each event it settled, with the
reason of every amount.

Entries are what wallets show; outcomes say of each rule whether it counted and why not; changes are the
ledger state's paths that the row set or removed, so that folding rows gives the state without deciding again.
Reasons are fixed words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from typing import Literal

from domain.model.conditions import ExpressionFailure
from domain.model.event_names import REWARDS_REVIEWED, TIER_REVIEWED
from domain.model.ledger.events import Event, Facts, Json, Purchase, PurchaseClaim, RaisedFacts
from domain.model.ledger.gifts import Counted, Deduction, Gift
from domain.model.ledger.lots import LotPart, OpenedLot
from domain.model.ledger.member import Member
from domain.model.values import dataclass

EntryKind = Literal[
    "OPENING", "AWARD", "BONUS", "SPEND", "RETURN", "CLAWBACK", "EXPIRE", "ADJUST", "TRANSFER", "ERASE"
]
DecidedBy = Literal["input", "time", "decision"]
StateValue = None | bool | int | str | datetime | list["StateValue"]

LockReason = Literal["BALANCE", "TIER", "CONDITION", "STOCK", "MEMBER_LIMIT", "NOT_YET", "OVER", "FROZEN"]


@dataclass(frozen=True, slots=True)
class RewardLock:
    """Why a reward cannot be redeemed now: `missing` of the wallet for BALANCE, `tier` or `start` that would
    unlock it.
    """

    reason: LockReason
    missing: int = 0
    tier: str | None = None
    start: datetime | None = None


class Refusal(Exception):
    """A fact that stops an event; nothing of it is kept. Each subclass is the contract's Problem of the same
    name.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BalanceTooLow(Refusal):
    """InsufficientBalance: `missing` points more would do."""

    def __init__(self, missing: int) -> None:
        super().__init__(f"{missing} more are needed")
        self.missing = missing


class RewardLocked(Refusal):
    """The reward cannot be redeemed now, for these reasons."""

    def __init__(self, locks: tuple[RewardLock, ...]) -> None:
        super().__init__("the reward is locked: " + ", ".join(lock.reason for lock in locks))
        self.locks = locks


class VoucherNotUsable(Refusal):
    """The voucher is not open: used, cancelled, expired, unknown, or its member is frozen."""


class RefundTooLarge(Refusal):
    """More is taken back than is left of the purchase, in minor units."""

    def __init__(self, refundable: int) -> None:
        super().__init__(f"only {refundable} can still be refunded")
        self.refundable = refundable


CorrectionRefusalReason = Literal[
    "RETURNED", "BELOW_RETURNED", "PAID_AND_RETURNED", "VOUCHER_MINIMUM", "VOUCHER_USED", "PAYMENT"
]


class CorrectionRefused(Refusal):
    """A receipt cannot be corrected so: `returned` is what refunds took back of it, in minor units, `voucher`
    the one that stands in the way.
    """

    def __init__(
        self, reason: CorrectionRefusalReason, *, returned: int = 0, voucher: str | None = None
    ) -> None:
        super().__init__(f"the receipt cannot be corrected so: {reason}")
        self.reason: CorrectionRefusalReason = reason
        self.returned, self.voucher = returned, voucher
        self.name = f"CorrectionRefused:{reason}"


PaymentFault = Literal["NOT_PAYABLE", "STEP", "MINIMUM", "SHARE"]


class PaymentNotAccepted(Refusal):
    """A wallet pays not so: `bound` is the step or the minimum in units of the wallet, or the most units that
    the share allows.
    """

    def __init__(self, wallet: str, reason: PaymentFault, bound: int = 0) -> None:
        super().__init__(f"{wallet}: {reason} {bound}")
        self.wallet, self.reason, self.bound = wallet, reason, bound
        self.name = f"PaymentNotAccepted:{reason}"


class MemberFrozen(Refusal):
    """A frozen member earns, redeems and uses nothing."""


ChallengeLock = Literal["OVER", "NO_GOAL", "EARNED", "FROZEN"]


class ChallengeNotOpen(Refusal):
    """The challenge cannot be taken up: it is over, no goal can be made for this member, they have it
    already, or are frozen.
    """

    def __init__(self, reason: ChallengeLock) -> None:
        super().__init__(f"the challenge is not open: {reason}")
        self.reason: ChallengeLock = reason


class AlreadySo(Refusal):
    """What the event asks for stands already, so nothing comes of it."""


class AlreadyCorrect(AlreadySo):
    """The receipt says already what a correction would make of it."""

    def __init__(self) -> None:
        super().__init__("the receipt is right already")


class ChallengeTakenUp(AlreadySo):
    """The member has taken the challenge up before, which stands."""

    def __init__(self) -> None:
        super().__init__("the challenge was taken up before")


CodeRefusalReason = Literal[
    "UNKNOWN", "NOT_NOW", "OVER", "USED_UP", "ENTERED_BEFORE", "TOO_MANY_TRIES", "FROZEN"
]


class CodeRefused(Refusal):
    """A code that was entered counts nothing. `tries_left` and `retry_after` (seconds) are set at the door,
    which counts wrong tries.
    """

    def __init__(
        self, reason: CodeRefusalReason, *, tries_left: int | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(f"the code counts nothing: {reason}")
        self.reason: CodeRefusalReason = reason
        self.tries_left, self.retry_after = tries_left, retry_after
        self.name = f"CodeRefused:{reason}"


MergeRefusalReason = Literal[
    "SAME", "CLOSED", "FROZEN", "DELETING", "NOT_MERGED", "TOO_LATE", "CHANGED", "SPENT"
]


class MergeRefused(Refusal):
    """Two memberships cannot be merged, or a merge cannot be undone."""

    def __init__(self, reason: MergeRefusalReason) -> None:
        super().__init__(f"not merged: {reason}")
        self.reason: MergeRefusalReason = reason
        self.name = f"MergeRefused:{reason}"


class WalletFull(Refusal):
    """An adjustment would bring a wallet beyond what one may hold: it has room for so much more."""

    def __init__(self, wallet: str, room: int) -> None:
        super().__init__(f"the wallet can take {room} more")
        self.wallet, self.room = wallet, room


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: `amount` is signed; `lots` what it opened, took or gave back; `debt` what it
    repaid (-) or added (+).

    `n` numbers the member's entries from 1 without a gap, `wallet_n` those of the wallet; `balance` is the
    wallet's after it. `is_payment` where it pays for a purchase, or gives back what paid for one.
    """

    wallet: str
    kind: EntryKind
    amount: int
    rule: str | None = None
    available_at: datetime | None = None
    expires_on: date | None = None
    lots: tuple[LotPart, ...] = ()
    debt: int = 0
    n: int = 0
    wallet_n: int = 0
    balance: int = 0
    voucher: str | None = None
    is_payment: bool = False


OutcomeReason = Literal[
    "when",
    "during",
    "limit",
    "cap",
    "best_of",
    "holdout",
    "nothing_to_count",
    "rounded_to_zero",
    "no_consent",
    "frozen",
    "later",
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule came to: the amount it gave in a wallet (extras included), or why not: an OutcomeReason,
    with the rule after "best_of:" and the instant after "later:". `variant` is the one of the rule's that was
    carried out.
    """

    rule: str
    applied: bool
    amount: int = 0
    reason: str | None = None
    wallet: str | None = None
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message to send: its code, the event that caused it, the figures and codes its placeholders need (no
    personal data), and which of its variants it is.
    """

    code: str
    event: str
    data: Mapping[str, Json]
    index: int = 0
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """Something for the outside, a webhook or a survey: for the event of an id, asked for by `rule` (or
    badge, or referral).
    """

    kind: Literal["webhook", "survey"]
    code: str
    event: str
    rule: str = ""


VoucherChange = Literal["issued", "used", "cancelled", "expired", "reversed"]


@dataclass(frozen=True, slots=True)
class VoucherStep:
    """A voucher that came to be or changed: `id` is `MEMBER-N`, or the one the event named. `given` is one
    without a price, `variant` the reward's as which it was offered.
    """

    id: str
    n: int
    reward: str
    change: VoucherChange
    at: datetime
    expires_at: datetime | None = None
    is_free: bool = False
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class DelayedEvent:
    """An event for later (a rule's delay) or for another member (a referrer): kept once, under its event's
    id.
    """

    member: str
    due: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class RefundClaim:
    """What a refund took of its purchase, and of each of its delayed rules by the id of that entry's
    event.
    """

    purchase: PurchaseClaim = field(default_factory=PurchaseClaim)
    delayed: Mapping[str, PurchaseClaim] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefundedPurchase:
    """What stood of a purchase before a refund or a correction, and what stands after it; `key` is the
    purchase's event, `purchased_at` when it was, as far as the journal says so.
    """

    before: Purchase
    remaining: Purchase
    key: str = ""
    purchased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TagChanges:
    """The tags that an event put on a member, and those that it took away."""

    added: frozenset[str]
    removed: frozenset[str]


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One event as the journal keeps it, with all that it brought.

    `awarded` and `opened_lots` are what the rules on the event itself gave; `counted` and `badge_counts` what
    they and it counted toward tiers, by count, and toward badges; `gifts` all else that a purchase gave, by
    source, and `raised_facts` what the events that it raised were judged by: what a refund decides again.
    `payments` are the lots that the purchase was paid with. `claim` and `refunded` are set on a refund's row,
    and on a correction's, which says of the corrected purchase all that a purchase's row does.
    `failures` says which expressions failed, and `tag_changes` which tags came and went: for the log and for
    simulations, not for the journal.
    """

    seq: int
    event: Event
    by: DecidedBy
    version: int
    entries: tuple[Entry, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    raised: tuple[Event, ...] = ()
    messages: tuple[PlannedMessage, ...] = ()
    effects: tuple[Effect, ...] = ()
    vouchers: tuple[VoucherStep, ...] = ()
    delayed: tuple[DelayedEvent, ...] = ()
    facts: Facts = field(default_factory=Facts)
    awarded: Mapping[str, int] = field(default_factory=dict)
    opened_lots: tuple[OpenedLot, ...] = ()
    counted: Mapping[str, Counted] = field(default_factory=dict)
    badge_counts: Mapping[str, int] = field(default_factory=dict)
    gifts: Mapping[str, Gift] = field(default_factory=dict)
    raised_facts: Mapping[int, RaisedFacts] = field(default_factory=dict)
    claim: RefundClaim | None = None
    changes: Mapping[str, StateValue] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    failures: tuple[ExpressionFailure, ...] = ()
    payments: tuple[Deduction, ...] = ()
    refunded: RefundedPurchase | None = None
    tag_changes: TagChanges | None = None

    @property
    def is_silent(self) -> bool:
        """True for what only moves state on (a term kept, a reward locked again, a friend not yet qualified):
        no event to a person.
        """
        nothing = not (self.entries or self.outcomes or self.raised or self.delayed)
        return nothing and (
            self.event.name in (TIER_REVIEWED, REWARDS_REVIEWED) or self.event.delayed_rule is not None
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """The member before and after, and the rows between: `rows` is empty where nothing came of it."""

    before: Member
    member: Member
    rows: tuple[JournalRow, ...] = ()

    @property
    def row(self) -> JournalRow:
        """The row of the event itself; what time brought before it stands in the rows ahead."""
        return self.rows[-1]


@dataclass(frozen=True, slots=True)
class StockState:
    """What deciding needs from outside the member: the rewards whose stock is used up."""

    sold_out: frozenset[str] = frozenset()
