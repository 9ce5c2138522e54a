"""The member aggregate: all that deciding needs to know of one member, as immutable values.

Everything here but `profile` is ledger state: it moves with the journal alone, and folding the journal's
changes gives it again (`state.py`). Bounded in size: lots merge, counters keep two periods, day buckets 400
days, steps 20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from itertools import accumulate
from types import MappingProxyType
from typing import ClassVar

from domain.model.calendar import Per
from domain.model.event_names import PURCHASED
from domain.model.ledger import wallet
from domain.model.ledger.events import NO_DATA, Json, Profile, Purchase
from domain.model.ledger.gifts import Gift, UsedVoucher
from domain.model.ledger.lots import LotPart
from domain.model.ledger.wallet import Wallet
from domain.model.programme.models import Programme
from domain.model.values import computed, dataclass, evolve

QUALIFYING_DAYS_KEPT = 400
STEPS_KEPT = 20
TAGS_KEPT = 200
CATEGORIES_KEPT = 100
OPEN_VOUCHERS = 200
JUDGEMENTS_KEPT = 20
NO_CATEGORIES: Mapping[str, CategoryTotal] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TierStep:
    """One change of tier. `cause` names the event behind it, so that a refund can take back what only it
    reached: to the tier before, held since `since` and through `held`, with what had counted in that term.
    `came` is the event's own time where that was earlier (late). `terms` are the `term` of several counts.
    """

    origin: str | None
    to: str
    at: datetime
    reason: str
    cause: str = ""
    since: datetime | None = None
    held_through: date | None = None
    term: int = 0
    term_from: datetime | None = None
    came: datetime | None = None
    terms: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TierFloor:
    """A tier that a rule gave: held, at least, until an instant, or for good (None). `source` is the gift."""

    code: str
    until: datetime | None = None
    source: str = ""


@dataclass(frozen=True)
class Tally:
    """What counted toward one count of the programme: `days` by local day, `extras` the part of it that a
    tier's own multiplier gave (`DAY:TIER`), `term` what came after the event that reached the tier.
    """

    days: Mapping[date, int] = field(default_factory=dict, kw_only=True)
    extras: Mapping[str, int] = field(default_factory=dict, kw_only=True)
    term: int = field(default=0, kw_only=True)

    COMPUTED_OF: ClassVar[Mapping[str, str]] = {"cumulative": "days"}

    @computed
    def cumulative(self) -> tuple[list[date], list[int]]:
        """The days that counted in order, and what had counted before each, and in all: kept with the value,
        summed once.
        """
        days = sorted(self.days)
        return days, [0, *accumulate([self.days[day] for day in days])]


@dataclass(frozen=True)
class TierStanding(Tally):
    """Where a member stands on the ladder, and the tally of a programme's single count; `tallies` are those
    of several, by name.

    `code` is the tier that was earned, `floors` those that rules gave: the highest is held. `held_through` is
    the last day of the running term (calendar_year and from_reaching); `keep_missed_on` since when a rolling
    window misses `keep`, where grace still holds the tier.
    """

    code: str
    since: datetime
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    term_from: datetime | None = None
    held_through: date | None = None
    keep_missed_on: date | None = None
    floors: tuple[TierFloor, ...] = ()
    steps: tuple[TierStep, ...] = ()


@dataclass(frozen=True, slots=True)
class BadgeState:
    """Progress toward one badge: the whole count, levels reached, and for a streak the first day of its last
    period.

    `target` is the member's own goal, 0 where there is none for them and None until it is fixed;
    `accepted_at` when they took the challenge up.
    """

    progress: int = 0
    level: int = 0
    earned_at: datetime | None = None
    period: date | None = None
    target: int | None = None
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PeriodCount:
    """Firings and awarded amount of one rule in the period that starts on a day; `ever` starts on the first
    of all days.
    """

    start: date
    times: int = 0
    amount: int = 0
    per: Per = "ever"


@dataclass(frozen=True, slots=True)
class CategoryTotal:
    """What was bought of one category: an amount in minor units and a quantity, which follow refunds, and
    when last, which does not. `last_at` is None where it was bought before quantities were counted.
    """

    amount: int = 0
    quantity: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True)  # without slots, as each purchase evolves it
class PurchaseTotals:
    """What was bought, ever: `count` receipts, of which `returned` were wholly returned and
    `before_joining` are of before the member joined. `total` and
    `categories` follow refunds, instants do not. Amounts in minor units. `quantities_since_seq` is the first
    row whose quantities were counted, where earlier ones were not. `brought` are the receipts of memberships
    that were merged into this one: their rows stand in other journals, so `count` leaves them out; of a
    membership that is closed they are those that moved, as a negative number.
    """

    count: int = 0
    total: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    categories: Mapping[str, CategoryTotal] = field(default_factory=lambda: NO_CATEGORIES)
    returned: int = 0
    before_joining: int = 0
    total_before_joining: int = 0
    quantities_since_seq: int | None = None
    brought: int = 0

    @property
    def standing(self) -> int:
        """The receipts that stand: not wholly returned."""
        return self.count + self.brought - self.returned


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """A paid membership: `until` an instant, None where it runs until ended."""

    code: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenVoucher:
    """A voucher that is issued and neither cancelled nor expired; `taken` are the lots its price came from.

    A used one stays for a day, so that a mistaken use can be reversed; `is_revoked` then tells that what gave
    it was taken back, so that a reversed use takes it too. `variant` is the reward's as which it was offered.
    """

    reward: str
    issued_at: datetime
    expires_at: datetime | None = None
    wallet: str | None = None
    taken_lots: tuple[LotPart, ...] = ()
    used_at: datetime | None = None
    is_revoked: bool = False
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class PendingReferral:
    """A referred friend's event that waits to be judged at an instant (`due`). `purchase` is what is kept of
    it, `was_first` whether it was the first one.
    """

    key: str
    due: datetime
    at: datetime
    source: str
    purchase: Purchase | None
    name: str = PURCHASED
    event_data: Mapping[str, Json] = field(default_factory=lambda: NO_DATA)
    was_first: bool = False


@dataclass(frozen=True, slots=True)
class ReferralState:
    """Who invited this member, whether that qualified (how often it was `made`, when and by what), and whom
    this member brought.
    """

    referred_by: str | None = None
    qualified: bool = False
    waiting: tuple[PendingReferral, ...] = ()
    invited: int = 0
    friends: int = 0
    made: int = 0
    qualified_at: datetime | None = None
    qualified_by: PendingReferral | None = None


@dataclass(frozen=True, slots=True)
class TagSources:
    """How many gifts put a tag, in rows from `since_seq` on: it goes with the last of them."""

    count: int
    since_seq: int


@dataclass(frozen=True)
class Member:
    """One member. `seq` counts journal rows, `entries` ledger entries, `issued` vouchers; `decided_at` is the
    latest instant decided for, `turned_at` (no ledger state) the latest at which time was found to bring
    nothing more.

    `code` is the name of the code that was given with the enrolment, `codes` those entered, with their
    instants: of a batch none, since each of its codes counts once.

    `had_plan` tells that a plan was held once, so that no other begins with a trial.

    `gifts` holds what came of tiers, levels, rewards, segments and referrals, by source (`gifts.py`);
    `used_vouchers` those of a source whose gift was taken back after they had been used: coming again, it
    gives no second one; `free_vouchers_used` the newest vouchers without a price that
    were used, with their rewards.

    `merged_into` (no ledger state) is the membership that took this one over, where it is closed.
    """

    id: str
    number: str = ""
    profile: Profile = field(default_factory=Profile)
    joined_at: datetime | None = None
    frozen: bool = False
    seq: int = 0
    entries: int = 0
    issued: int = 0
    decided_at: datetime | None = None
    turned_at: datetime | None = None
    wallets: Mapping[str, Wallet] = field(default_factory=dict)
    tier: TierStanding | None = None
    badges: Mapping[str, BadgeState] = field(default_factory=dict)
    counters: Mapping[str, tuple[PeriodCount, ...]] = field(default_factory=dict)
    purchases: PurchaseTotals = field(default_factory=PurchaseTotals)
    plan: HeldPlan | None = None
    had_plan: bool = False
    code: str | None = None
    codes: Mapping[str, datetime] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    unlocked: frozenset[str] = frozenset()
    vouchers: Mapping[str, OpenVoucher] = field(default_factory=dict)
    referral: ReferralState = field(default_factory=ReferralState)
    tag_sources: Mapping[str, TagSources] = field(default_factory=dict)
    gifts: Mapping[str, Gift] = field(default_factory=dict)
    used_vouchers: Mapping[str, tuple[UsedVoucher, ...]] = field(default_factory=dict)
    free_vouchers_used: Mapping[str, str] = field(default_factory=dict)
    merged_into: str | None = None

    @computed
    def dues(self) -> dict[Programme, tuple[datetime, datetime | None]]:
        """What was found to be due next after an instant, by programme: found once, kept with the value."""
        return {}


def settle_lots(member: Member, *, at: datetime) -> Member:
    """Return the member with the lots in that are due at an instant; the same one where none is."""
    for held in member.wallets.values():
        if held.next_available_at is not None and held.next_available_at <= at:
            break
    else:
        return member
    return evolve(member, wallets={code: wallet.settle(one, now=at) for code, one in member.wallets.items()})
