"""The facts of an order, whatever system it comes from: what was bought, what of it stands, and who may have
bought it. Amounts are in minor units of the order's currency.

A body says what an order is by now, not what changed: so the newest body and the refunds known beside it give
the same result in whatever order they came, however often, and whatever was lost on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from domain.model.ledger.deciding.returns.refund_lines import apportion
from domain.model.programme.header import RESERVED_CATEGORIES
from domain.model.values import dataclass, evolve

GOODS: Final = "goods"
RESERVED: Final = RESERVED_CATEGORIES
GIFT_CARD, SHIPPING, TAX, TIP, FEE, OTHER = RESERVED

# Whether an order counts by now: it is paid, it waits for its money, or nothing of it is wanted any more.
Standing = Literal["counts", "open", "void"]
PrivacyKind = Literal["data_request", "redact", "shop_redact", "merge"]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order: what it came to when bought, and what is left of it. `key` is the line's identity
    in its system, or the reserved category of a line that sums up.
    """

    key: str
    sku: str
    category: str
    amount: int
    quantity: int
    left_amount: int
    left_quantity: int
    name: str | None = None

    @classmethod
    def summed(cls, category: str, amount: int) -> OrderLine:
        """Return a line that sums up all of a reserved category, or goods of which no lines are named."""
        return cls(category, category, category, amount, 1, amount, 1)

    @property
    def is_goods(self) -> bool:
        """Tell whether the line is of no reserved category."""
        return self.category not in RESERVED


@dataclass(frozen=True, slots=True)
class RefundedPart:
    """What a refund takes of one line, by its key. `tax` is what of the amount is tax if the order's prices
    hold it: a refund that comes alone does not say whether they do.
    """

    key: str
    amount: int
    quantity: int = 0
    tax: int = 0


@dataclass(frozen=True, slots=True)
class OrderRefund:
    """A refund of an order: its parts by line, and what it takes beside them by `amount` alone."""

    id: str
    order_id: str
    parts: tuple[RefundedPart, ...] = ()
    amount: int = 0


@dataclass(frozen=True, slots=True)
class MemberHints:
    """Who may have bought: the system's customer, contacts as they were typed, and texts that may hold a
    membership number. Personal data: never stored or logged as it is.
    """

    customer: str | None = None
    contacts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderState:
    """An order as a body says it is by now. `numbers` are what people call it by beside its identity;
    `refund_ids` the refunds that the body counts in what is left. `unexplained` is what the total has beside
    the lines; where it is negative the lines do not show it: `recorded` spreads it. `is_tax_out` where its
    lines hold no tax though its prices do.
    """

    external_id: str
    currency: str
    total: int
    lines: tuple[OrderLine, ...]
    occurred_at: datetime
    updated_at: datetime
    standing: Standing
    hints: MemberHints
    unexplained: int = 0
    refund_ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    is_test: bool = False
    is_tax_out: bool = False

    @property
    def eligible(self) -> int:
        """What earns where a programme says no more: the lines of no reserved category."""
        return sum(line.amount for line in self.lines if line.is_goods)

    @property
    def recorded(self) -> tuple[OrderLine, ...]:
        """The lines with a negative rest spread over the goods, so that they sum to the total."""
        return spread_discount(self.lines, -self.unexplained) if self.unexplained < 0 else self.lines


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """What a shop asks about a person's data: of the customer, or of the whole shop. `successor` is whom a
    customer was merged into.
    """

    kind: PrivacyKind
    customer: str | None = None
    contacts: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class BodyIgnored:
    """A body that counts for nothing, and why, in a few words without anything of the body."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """An event that a programme declares, as another system reports it."""

    id: str
    name: str
    at: datetime | None
    hints: MemberHints
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ShopProduct:
    """A product that a shop sells, by the sku of its orders' lines; `price` in minor units."""

    sku: str
    title: str
    category: str | None = None
    price: int | None = None
    image: str | None = None
    link: str | None = None
    is_available: bool = True


@dataclass(frozen=True, slots=True)
class ProductGroup:
    """What a shop calls one product, with its variants as of an instant, None for when it was told of; no
    variants where it is sold no more.
    """

    id: str
    products: tuple[ShopProduct, ...] = ()
    updated_at: datetime | None = None


MappedBody = OrderState | OrderRefund | PrivacyRequest | ReportedEvent | ProductGroup | BodyIgnored


# ---------------------------------------------------------------- what counts
def why_it_counts_not(state: OrderState, *, is_recorded: bool = False) -> str | None:
    """Return why an order changes nothing; None where it counts. One that is recorded is taken back where it
    is void, and left as it is while it waits for money.
    """
    if state.is_test:
        return "a test order"
    if state.standing == "open":
        return "not paid yet"
    if state.standing == "void" and not is_recorded:
        return "nothing of it stands"
    return None


# ---------------------------------------------------------------- making a state
def with_rest(lines: Sequence[OrderLine], total: int) -> tuple[tuple[OrderLine, ...], int]:
    """Return the lines with the unexplained positive rest as a line of its own, and the rest, also a negative
    one.
    """
    rest = total - sum(line.amount for line in lines)
    return (*lines, OrderLine.summed(OTHER, rest)) if rest > 0 else tuple(lines), rest


def spread_discount(lines: Sequence[OrderLine], discount: int) -> tuple[OrderLine, ...]:
    """Take a discount off the goods in proportion, and off all lines as far as the goods are too few; what is
    left of a line falls with what it came to.
    """
    result = list(lines)
    for chosen in ([line.is_goods for line in lines], [True] * len(lines)):
        amounts = [line.amount if is_chosen else 0 for line, is_chosen in zip(result, chosen, strict=True)]
        part = min(discount, sum(amounts))
        if part > 0:
            shares = apportion(part, amounts)
            result = [_discounted(line, share) for line, share in zip(result, shares, strict=True)]
            discount -= part
    return tuple(result)


def _discounted(line: OrderLine, share: int) -> OrderLine:
    if not share:
        return line
    amount = line.amount - share
    return evolve(line, amount=amount, left_amount=amount * line.left_amount // line.amount)


# ---------------------------------------------------------------- what is left
def what_is_left(state: OrderState, refunds: Iterable[OrderRefund]) -> tuple[OrderLine, ...]:
    """Return the lines as they stand by now: as the body says, less the refunds that it does not count yet.
    The order of the refunds does not matter.
    """
    if state.standing == "void":
        return tuple(_taken(line) for line in state.recorded)
    counted = set(state.refund_ids)
    unknown = sorted((each for each in refunds if each.id not in counted), key=lambda refund: refund.id)
    return take_back(state.recorded, unknown, shop_lines=state.lines, is_tax_out=state.is_tax_out)


def take_back(
    lines: Sequence[OrderLine],
    refunds: Sequence[OrderRefund],
    *,
    shop_lines: Sequence[OrderLine] = (),
    is_tax_out: bool = False,
) -> tuple[OrderLine, ...]:
    """Return the lines after refunds: first all parts by line, each clamped to what is left of it, then all
    amounts, spread over everything that is left. `shop_lines` are the lines as the shop counts them, where a
    discount was spread over `lines`. With `is_tax_out` the tax of a part is of no line but that of the tax.
    """
    shop_amounts = {line.key: line.amount for line in shop_lines or lines}
    left = {line.key: line for line in lines}
    for part in (part for refund in refunds for part in refund.parts):
        line = left.get(part.key)
        if line is not None:
            amount = part.amount - (part.tax if is_tax_out else 0)
            if (shop_amount := shop_amounts.get(part.key, 0)) != line.amount and shop_amount:
                amount = -(-amount * line.amount // shop_amount)
            left[part.key] = _less(line, amount, part.quantity)
    result = [left[line.key] for line in lines]
    by_amount = min(sum(refund.amount for refund in refunds), sum(line.left_amount for line in result))
    if by_amount > 0:
        shares = apportion(by_amount, [line.left_amount for line in result])
        result = [_less(line, share, 0) for line, share in zip(result, shares, strict=True)]
    return without_lone_rest(result)


def without_lone_rest(lines: Sequence[OrderLine]) -> tuple[OrderLine, ...]:
    """Return the lines without the unexplained rest where nothing else of the order is left."""
    if any(line.left_amount or line.left_quantity for line in lines if line.category != OTHER):
        return tuple(lines)
    return tuple(_taken(line) for line in lines)


def _less(line: OrderLine, amount: int, quantity: int) -> OrderLine:
    left_amount = line.left_amount - min(max(amount, 0), line.left_amount)
    left_quantity = line.left_quantity - min(max(quantity, 0), line.left_quantity)
    if line.amount and not left_amount:
        left_quantity = 0
    return evolve(line, left_amount=left_amount, left_quantity=left_quantity)


def _taken(line: OrderLine) -> OrderLine:
    return evolve(line, left_amount=0, left_quantity=0)
