"""What happens to a member: events, as the porch hands them in and the journal keeps them.

An event is immutable and says when it happened (`at`), never when it was heard of. A purchase rides on its
event; a refund carries what was recorded of the purchase it takes back. Amounts are integers in minor units
of the programme's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Fact = Json | datetime | list[str] | dict[str, int]
NOTHING: Mapping[str, Json] = MappingProxyType({})

ENROLLED = "member.enrolled"
CONSENTED = "member.consented"
BIRTHDAY = "member.birthday"
ANNIVERSARY = "member.anniversary"
PURCHASED = "purchase.completed"
REFUNDED = "purchase.refunded"
REDEEMED = "reward.redeemed"
VOUCHER_USED = "voucher.used"
VOUCHER_CANCELLED = "voucher.cancelled"
VOUCHER_EXPIRED = "voucher.expired"
VOUCHER_REVERSED = "voucher.reversed"
ADJUSTED = "balance.adjusted"
REFERRAL_QUALIFIED = "referral.qualified"
PLAN_STARTED = "plan.started"
PLAN_RENEWED = "plan.renewed"
PLAN_ENDED = "plan.ended"
SURVEY_ANSWERED = "survey.answered"
SCHEDULE = "schedule"
FROZEN = "member.frozen"
UNFROZEN = "member.unfrozen"
POINTS_AWARDED = "points.awarded"
POINTS_EXPIRING = "points.expiring"
POINTS_EXPIRED = "points.expired"
TIER_CHANGED = "tier.changed"
TIER_REVIEWED = "tier.reviewed"
BADGE_EARNED = "badge.earned"
REWARD_UNLOCKED = "reward.unlocked"
REWARDS_REVIEWED = "rewards.reviewed"
SEGMENT_ENTERED = "segment.entered"
SEGMENT_LEFT = "segment.left"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a receipt: `amount` is the line's total. `line` numbers from 1 within the receipt."""

    line: int
    sku: str
    amount: int
    quantity: int = 1
    name: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A receipt: what was paid after discounts. Known by (source, store, external_id)."""

    external_id: str
    total: int
    currency: str
    store: str | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one member. `id` is its cause's lasting identity and `data` what expressions
    see as event.data.

    `rule` is set where a rule's delay has passed: then only that rule is judged, and `since` is when the
    event itself happened. `refund` is set on purchase.refunded alone, `profile` on the events that change it.
    """

    id: str
    name: str
    at: datetime
    source: str = ""
    data: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    purchase: Purchase | None = None
    refund: Refund | None = None
    profile: Profile | None = None
    rule: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a member says of themselves, as far as expressions, segments and calendars need it. `consents` are
    the purposes granted.
    """

    name: str = ""
    locale: str = ""
    timezone: str = ""
    birthday: date | None = None
    consents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Put:
    """What a purchase put into a wallet's lot, debt already taken off. `since` is the day its validity counts
    from.
    """

    wallet: str
    amount: int
    available_at: datetime | None
    expires_on: date | None
    since: date


@dataclass(frozen=True, slots=True)
class Recorded:
    """A purchase as its journal entry kept it: enough to decide it again for what is kept, and to find its
    own lots.

    `facts` are those that the decision wrote; `awarded` what the purchase's own rules gave by wallet (extras
    included), `qualified` the part of it that counted toward tiers, `counted` what the event itself counted
    toward them; `clawed`, `unqualified` and `uncounted` are what refunds have claimed of these since.
    """

    purchase: Purchase
    at: datetime
    key: str
    source: str
    version: int
    facts: Facts
    awarded: Mapping[str, int]
    qualified: int
    counted: int
    puts: tuple[Put, ...]
    clawed: Mapping[str, int] = field(default_factory=dict)
    unqualified: int = 0
    uncounted: int = 0


@dataclass(frozen=True, slots=True)
class Refund:
    """What is taken back of a recorded purchase: `before` is what stood until now, `kept` what stands after
    it.
    """

    recorded: Recorded
    before: Purchase
    kept: Purchase


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision knew: enough to decide it again, or a late one beside it. No personal data.

    `member` is the member as expressions saw it, without birthday and number; `results` what the expressions
    that read those gave, by source; `room` whether a rule's limit had room and what its cap left (None: no
    cap); `first` whether it was the first purchase; `tier_after` and `plan_after` what a late event of the
    time after it goes by.
    """

    tier: str | None = None
    plan: str | None = None
    tier_after: str | None = None
    plan_after: str | None = None
    member: Mapping[str, Fact] = field(default_factory=dict)
    results: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    room: Mapping[str, tuple[bool, int | None]] = field(default_factory=dict)
    first: bool = False
