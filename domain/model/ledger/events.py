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
NO_DATA: Mapping[str, Json] = MappingProxyType({})


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
    data: Mapping[str, Json] = field(default_factory=lambda: NO_DATA)
    purchase: Purchase | None = None
    refund: Refund | None = None
    profile: Profile | None = None
    delayed_rule: str | None = None
    original_at: datetime | None = None


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
class OpenedLot:
    """What a purchase put into a wallet's lot, debt already taken off. `since` is the day its validity counts
    from.
    """

    wallet: str
    amount: int
    available_at: datetime | None
    expires_on: date | None
    since: date


@dataclass(frozen=True, slots=True)
class JournaledPurchase:
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
    awards_counted: int
    event_counted: int
    opened_lots: tuple[OpenedLot, ...]
    clawed_back: Mapping[str, int] = field(default_factory=dict)
    awards_uncounted: int = 0
    event_uncounted: int = 0


@dataclass(frozen=True, slots=True)
class Refund:
    """What is taken back of a recorded purchase: `before` is what stood until now, `kept` what stands after
    it.
    """

    purchase: JournaledPurchase
    before: Purchase
    remaining: Purchase


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
    private_results: Mapping[str, Json] = field(default_factory=lambda: NO_DATA)
    rule_rooms: Mapping[str, tuple[bool, int | None]] = field(default_factory=dict)
    is_first_purchase: bool = False
