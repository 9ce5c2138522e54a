"""What happens to a member: events, as the porch hands them in and the journal keeps them.

An event is immutable and says when it happened (`at`), never when it was heard of. A purchase rides on its
event; a refund carries what was recorded of the purchase it takes back. Amounts are integers in minor units
of the programme's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.model.ledger.fiscal.receipt_details import ReceiptDetails
from domain.model.ledger.gifts import Counted, Deduction, Gift
from domain.model.ledger.lots import FiscalUse, OpenedLot
from domain.model.values import dataclass

if TYPE_CHECKING:
    from domain.model.ledger.decision import Outcome

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Fact = Json | datetime | list[str] | dict[str, int]
NO_DATA: Mapping[str, Json] = MappingProxyType({})
NO_ATTRIBUTES: Mapping[str, str | int | bool] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a receipt: `amount` is the line's total. `line` numbers from 1 within the receipt."""

    line: int
    sku: str
    amount: int
    quantity: int = 1
    name: str | None = None
    category: str | None = None

    def as_item(self) -> dict[str, Json]:
        """Return the line as files have it, without its number."""
        return {
            "sku": self.sku,
            "name": self.name,
            "category": self.category,
            "quantity": self.quantity,
            "amount": self.amount,
        }


@dataclass(frozen=True, slots=True)
class WalletPayment:
    """What was paid with one wallet: units of it, and what they are worth in minor units. `earns` as in
    `PayTerms`. `hold` is the key of what had been set aside for it, `fiscal` what it is for the books.
    """

    wallet: str
    units: int
    worth: int = 0
    earns: bool = False
    hold: str | None = None
    fiscal: FiscalUse = "PAYMENT"


@dataclass(frozen=True, slots=True)
class Payment:
    """What a purchase was paid with beside money: `total` is the receipt's, of which refunds give back in
    proportion, `payable` what of it wallets might pay, None where that is all. It stays as it was recorded.
    """

    total: int
    parts: tuple[WalletPayment, ...]
    payable: int | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A receipt: what was paid after discounts. Known by (source, store, external_id). `is_returned` where
    nothing of it is kept. `payment` is what wallets paid of it; None where it was paid with money alone.
    """

    external_id: str
    total: int
    currency: str
    store: str | None = None
    lines: tuple[Line, ...] = ()
    is_returned: bool = False
    payment: Payment | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one member. `id` is its cause's lasting identity and `data` what expressions
    see as event.data.

    `delayed_rule` is set where a rule's delay has passed: then only that rule is judged, `original_at` is
    when the event itself happened, `was_first` whether it was the first purchase, and `gift` (`SOURCE@CAUSE`)
    what the rule's awards belong to, where the event was raised by another. `refund` is set on
    purchase.refunded, and on purchase.corrected, whose `purchase` is the receipt as it is right; `profile` on
    the events that change it, `details` where a till said more of a receipt than its total.
    """

    id: str
    name: str
    at: datetime
    source: str = ""
    data: Mapping[str, Json] = field(default_factory=lambda: NO_DATA)
    purchase: Purchase | None = None
    refund: Refund | None = None
    profile: Profile | None = None
    delayed_rule: str | None = None
    original_at: datetime | None = None
    was_first: bool = False
    gift: str | None = None
    details: ReceiptDetails | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a member says of themselves, as far as expressions, segments and calendars need it. `consents` are
    the purposes granted, `attributes` what the programme's file declares of members. A birthday that service
    has corrected is not celebrated before `celebrated_from`.
    """

    name: str = ""
    locale: str = ""
    timezone: str = ""
    birthday: date | None = None
    consents: frozenset[str] = frozenset()
    attributes: Mapping[str, str | int | bool] = field(default_factory=lambda: NO_ATTRIBUTES)
    celebrated_from: date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision knew: enough to decide it again, or a late one beside it. No personal data.

    `member` is the member as expressions saw it, without birthday and number; `member_after` what badges and
    the tier's count saw of it; `rule_rooms` whether a rule's limit had room and what its cap left (None: no
    cap); `is_first_purchase` whether it was the first purchase; `tier_after` and `plan_after` what a late
    event of the time after it goes by.
    """

    tier: str | None = None
    plan: str | None = None
    tier_after: str | None = None
    plan_after: str | None = None
    member: Mapping[str, Fact] = field(default_factory=dict)
    member_after: Mapping[str, Fact] = field(default_factory=dict)
    rule_rooms: Mapping[str, tuple[bool, int | None]] = field(default_factory=dict)
    is_first_purchase: bool = False


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class JournaledPurchase:
    """A purchase as its journal entry kept it, or one of its delayed rules (`rule`) as that entry kept it:
    enough to decide it again for what is kept, and to find what it gave.

    `facts` are those that the decision wrote, `applied` the rules that applied; `awarded` what these gave by
    wallet (extras included); `counted` what they and the event itself counted toward tiers, by count, and
    `badge_counts` what the event counted toward badges; `gifts` all else, by source. `claims` are what
    refunds have taken of these since. `delayed` are the entries of its delayed rules, `payments` the lots
    that it was paid with, `outcomes` what each rule came to, `scheduled` the ids of
    what it left for later, and `GIFT>RULE` of what belongs to a gift.
    """

    purchase: Purchase
    at: datetime
    key: str
    source: str
    version: int
    facts: Facts
    seq: int = 0
    rule: str | None = None
    applied: frozenset[str] = frozenset()
    awarded: Mapping[str, int] = field(default_factory=dict)
    counted: Mapping[str, Counted] = field(default_factory=dict)
    badge_counts: Mapping[str, int] = field(default_factory=dict)
    opened_lots: tuple[OpenedLot, ...] = ()
    gifts: Mapping[str, Gift] = field(default_factory=dict)
    raised: Mapping[int, RaisedFacts] = field(default_factory=dict)
    claims: tuple[PurchaseClaim, ...] = ()
    delayed: tuple[JournaledPurchase, ...] = ()
    payments: tuple[Deduction, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    scheduled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RaisedFacts:
    """An event that a purchase raised and that is judged again with it: its name and data, and the member as
    expressions saw it then.
    """

    name: str
    data: Mapping[str, Json]
    facts: Facts


@dataclass(frozen=True, slots=True)
class JoinedRule:
    """A rule that came to apply by a refund: what its cap and the cap that it shares left then, without what
    the purchase itself held (None: no cap).
    """

    rule: str
    left: int | None = None
    shared_left: int | None = None


@dataclass(frozen=True, slots=True)
class PurchaseClaim:
    """What one refund took of a purchase, or of one of its delayed rules: amounts by wallet, whether lots
    could give them or not; what it took off the counts of tier and badges; the sources whose gifts it took,
    and the rules that came to apply instead.
    """

    amounts: Mapping[str, int] = field(default_factory=dict)
    uncounted: Mapping[str, Counted] = field(default_factory=dict)
    badge_counts: Mapping[str, int] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    joined: tuple[JoinedRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Refund:
    """What is taken back of a recorded purchase, or what a correction makes of it: `before` is what stood
    until now, `remaining` what stands after it.
    """

    purchase: JournaledPurchase
    before: Purchase
    remaining: Purchase
