"""Wallets and their history: the balances of a member, the entries behind them, and the reason of each
amount.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import get_args

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import CURSOR, EDGES, PAGE_INFO, TOTAL_COUNT, UNIT
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import encode_id
from api.graphql.engine.merged_lists import total
from api.graphql.engine.scalars import Long, WalletCode
from api.graphql.engine.shared_types import Info, Node, PageInfo
from api.graphql.engine.titles import entry_title, event_title
from api.graphql.member.catalogue.units import ProgrammeWallet, WalletKind, unit_of, units_by_code
from api.graphql.member.explanations import RuleOutcome, explanation_of_entry
from api.graphql.member.payments import PayTerms, pay_terms
from api.graphql.member.receipts import Purchase, purchase_of
from api.graphql.member.vouchers import Voucher, voucher_of
from domain.model.ledger import decision
from domain.model.ledger.decision import Entry
from domain.model.ledger.lots import Lot
from domain.model.ledger.member import Member
from domain.model.ledger.wallet import Wallet as LedgerWallet
from domain.store.ledger.history_entries import HistoryEntry


@enum_of_words(
    decision.EntryKind,
    description=(
        "What an entry did. SPEND, CLAWBACK and EXPIRE always take away; ADJUST and TRANSFER"
        " may add or take away."
    ),
)
class EntryKind(Enum):
    OPENING = strawberry.enum_value(
        "OPENING", description="Brought along from the system that the programme had before."
    )
    AWARD = strawberry.enum_value("AWARD", description="Earned by a rule, a badge or an invitation.")
    BONUS = strawberry.enum_value("BONUS", description="The extra of a tier, a plan or a multiplying rule.")
    SPEND = strawberry.enum_value("SPEND", description="A reward was redeemed, or a purchase was paid.")
    RETURN = strawberry.enum_value(
        "RETURN", description="A voucher was given back, or what had paid for a purchase came back."
    )
    CLAWBACK = strawberry.enum_value(
        "CLAWBACK", description="A refund took back what the purchase had earned."
    )
    EXPIRE = strawberry.enum_value("EXPIRE", description="Lapsed.")
    ADJUST = strawberry.enum_value("ADJUST", description="A correction by a manager.")
    TRANSFER = strawberry.enum_value(
        "TRANSFER", description="Moved between memberships of one person that were merged."
    )
    ERASE = strawberry.enum_value(
        "ERASE", description="Written off, because the person was erased. No member reads it."
    )


@strawberry.type(description="What lapses on one day.")
class ExpiringAmount:
    amount: int = strawberry.field(description="In points, or minor units of the wallet's currency.")
    on: date = strawberry.field(description="The last day on which it can be spent.")


@strawberry.type(description="What is still pending, and from when it can be spent.")
class ArrivingAmount:
    amount: int = strawberry.field(description="In points, or minor units of the wallet's currency.")
    at: datetime = strawberry.field(description="The instant from which it can be spent.")


@strawberry.type(description="What a member has of one kind: points, or money.")
class Wallet(Node):
    code: WalletCode = strawberry.field(description="Its code in the programme file.")
    name: str = strawberry.field(description="In the reader's language.")
    wallet_kind: WalletKind = strawberry.field(description="Points or money.")
    currency: str | None = strawberry.field(
        description="ISO 4217, amounts are in its minor units; null for points."
    )
    available: int = strawberry.field(
        description=(
            "What can be spent at this instant: expired lots are already out and due lots already"
            " in, whether or not a job has run."
        )
    )
    pending: int = strawberry.field(description="Awarded, not yet spendable.")
    held: int = strawberry.field(description="Held for orders that are being paid: not spendable meanwhile.")
    debt: int = strawberry.field(
        description="Owed after a refund of points already spent; the next awards repay it."
    )
    earned: Long = strawberry.field(
        description="Ever awarded by the programme, less what was clawed back; no correction is in it."
    )
    corrected: Long = strawberry.field(
        description=(
            "Ever added by corrections, less what they took; with what was brought along from the system"
            " before, and what rules deducted. earned + corrected - spent - expired is available + held +"
            " pending - debt."
        )
    )
    spent: Long = strawberry.field(description="Ever spent, less what was returned.")
    expired: Long = strawberry.field(description="Ever lapsed.")
    pay: PayTerms | None = strawberry.field(
        description="How purchases are paid with it; null where they are not."
    )
    lots: strawberry.Private[tuple[Lot, ...]]

    @strawberry.field(
        description=(
            "Every open spendable lot that expires, soonest first. Together with the lots that"
            " never expire they sum to `available`."
        )
    )
    def expiring(self) -> list[ExpiringAmount]:
        return [
            ExpiringAmount(amount=lot.amount, on=lot.expires_on)
            for lot in self.lots
            if lot.available_at is None and lot.expires_on is not None
        ]

    @strawberry.field(
        description="Every pending lot, the one that comes first before the others: they sum to `pending`."
    )
    def arriving(self) -> list[ArrivingAmount]:
        arriving = [
            ArrivingAmount(amount=lot.amount, at=lot.available_at)
            for lot in self.lots
            if lot.available_at is not None
        ]
        return sorted(arriving, key=lambda each: each.at)


@strawberry.type(
    description="A line of the history. It never changes; a refund or a return is a line of its own."
)
class PointEntry(Node):
    wallet: WalletCode = strawberry.field(description="Which wallet it moved.")
    entry_kind: EntryKind = strawberry.field(description="What it did.")
    amount: int = strawberry.field(description="Signed: what this entry did to the wallet.")
    title: str = strawberry.field(description="What it was for, in the reader's language.")
    occurred_at: datetime = strawberry.field(description="When what it was for happened.")
    available_at: datetime | None = strawberry.field(
        description="For an award: when it can be spent, if not at once; when it lapses, if ever."
    )
    expires_on: date | None = strawberry.field(
        description=(
            "The last day on which an award can be spent, as it was given; null where it never lapses."
        )
    )
    balance_after: int = strawberry.field(
        description=(
            "available + held + pending - debt after it. A lapse that is due and not yet written is shown as"
            " if it were."
        )
    )
    member: strawberry.Private[str]
    history_entry: strawberry.Private[HistoryEntry]
    audience: strawberry.Private[Audience]

    @strawberry.field(
        description="Why this amount: each rule that counted, and each that did not with its reason."
    )
    async def explanation(self, info: Info) -> list[RuleOutcome]:
        return await explanation_of_entry(info, self.audience, self.member, self.history_entry)

    @strawberry.field(description=UNIT)
    def unit(self) -> ProgrammeWallet | None:
        return unit_of(self.audience, self.wallet)

    @strawberry.field(
        description=(
            "The title of the event behind it, in the reader's language, where the programme file declares"
            " the event; null for purchases and all other built-in events."
        )
    )
    def event(self) -> str | None:
        programme = self.audience.programme_of_version(self.history_entry.version)
        return event_title(programme, self.history_entry.event_name, self.audience.locale)

    @strawberry.field(description="The purchase behind it; null where there was none.")
    async def purchase(self, info: Info) -> Purchase | None:
        purchase = await info.context.loaders.purchase_of_row(self.member, self.history_entry.seq)
        return None if purchase is None else await purchase_of(info, purchase)

    @strawberry.field(description="The voucher behind it; null where there was none.")
    async def voucher(self, info: Info) -> Voucher | None:
        voucher = (
            await info.context.loaders.voucher(self.history_entry.voucher)
            if self.history_entry.voucher
            else None
        )
        return None if voucher is None else await voucher_of(info, voucher)


@strawberry.type(description="An entry in its list.")
class PointEntryEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: PointEntry = strawberry.field(description="The entry.")


@strawberry.type(description="A window of the history.")
class PointEntryConnection:
    edges: list[PointEntryEdge] = strawberry.field(description=EDGES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)
    member: strawberry.Private[str]
    wallet: strawberry.Private[str | None]
    is_filtered: strawberry.Private[bool]

    @strawberry.field(description=TOTAL_COUNT)
    async def total_count(self, info: Info) -> int | None:
        if self.is_filtered:
            return None
        loaders = info.context.loaders
        shown = (await loaders.audience()).programme.shown_wallets

        def count(member: Member) -> int:
            return sum(
                member.wallets[spec.code].entries
                for spec in shown
                if spec.code in member.wallets and self.wallet in (None, spec.code)
            )

        return await total(info, self.member, count)


@strawberry.type(description="An entry that the purchase or refund would write.")
class QuotedEntry:
    wallet: WalletCode = strawberry.field(description="Which wallet it would move.")
    unit: ProgrammeWallet | None = strawberry.field(description=UNIT)
    entry_kind: EntryKind = strawberry.field(description="What it would do.")
    amount: int = strawberry.field(description="Signed.")
    title: str = strawberry.field(description="What it would be for, in the reader's language.")
    available_at: datetime | None = strawberry.field(
        description="When it could be spent; null where at once."
    )
    expires_on: date | None = strawberry.field(
        description="The last day on which it could be spent; null where it never lapses."
    )


@strawberry.type(description="What entries come to in one wallet.")
class WalletTotal:
    wallet: WalletCode = strawberry.field(description="Which wallet.")
    name: str = strawberry.field(description="The wallet's name, in the reader's language.")
    currency: str | None = strawberry.field(description="Set where the amount is money.")
    unit: ProgrammeWallet | None = strawberry.field(description=UNIT)
    amount: int = strawberry.field(description="Signed.")


def kind_words(kinds: Iterable[EntryKind] | None) -> frozenset[decision.EntryKind]:
    """Return the domain's words of kinds of entries."""
    names = {kind.name for kind in kinds or ()}
    return frozenset(word for word in get_args(decision.EntryKind) if word in names)


# ---------------------------------------------------------------- wallets


def wallet_of(audience: Audience, member: str, code: str, wallet: LedgerWallet) -> Wallet:
    """Return a wallet of a member, settled at an instant."""
    spec = audience.programme.wallet(code)
    money = spec.kind == "money"
    return Wallet(
        id=strawberry.ID(encode_id("Wallet", f"{member}:{code}")),
        code=WalletCode(code),
        name=audience.text(spec.name),
        wallet_kind=WalletKind.MONEY if money else WalletKind.POINTS,
        currency=audience.programme.programme.currency if money else None,
        available=wallet.available,
        pending=wallet.pending,
        held=wallet.held,
        debt=wallet.debt,
        earned=Long(wallet.earned),
        corrected=Long(wallet.adjusted),
        spent=Long(wallet.spent),
        expired=Long(wallet.expired),
        pay=pay_terms(spec),
        lots=wallet.lots,
    )


def wallets_of(audience: Audience, member: Member) -> list[Wallet]:
    """Return every wallet of a member that is shown, in the file's order; one that never held anything is
    empty.
    """
    return [
        wallet_of(audience, member.id, spec.code, member.wallets.get(spec.code) or LedgerWallet())
        for spec in audience.programme.shown_wallets
    ]


def wallets_after(audience: Audience, member: str, wallets: Mapping[str, LedgerWallet]) -> list[Wallet]:
    """Return the wallets right after a decision, in the file's order."""
    return [
        wallet_of(audience, member, spec.code, wallets[spec.code])
        for spec in audience.programme.shown_wallets
        if spec.code in wallets
    ]


# ---------------------------------------------------------------- entries


def entry_id(member: str, n: int) -> strawberry.ID:
    """Return the id of a member's n-th entry."""
    return strawberry.ID(encode_id("PointEntry", f"{member}:{n}"))


def entry_of(audience: Audience, member: str, history_entry: HistoryEntry) -> PointEntry:
    """Return an entry as a history shows it."""
    version, reward = history_entry.version, history_entry.reward
    return PointEntry(
        id=entry_id(member, history_entry.n),
        wallet=WalletCode(history_entry.wallet),
        entry_kind=EntryKind[history_entry.kind],
        amount=history_entry.amount,
        title=entry_title(audience, history_entry, version=version, reward=reward),
        occurred_at=history_entry.at,
        available_at=history_entry.available_at,
        expires_on=history_entry.expires_on,
        balance_after=history_entry.balance,
        member=member,
        history_entry=history_entry,
        audience=audience,
    )


def entries_of(audience: Audience, member: str, history_entries: Iterable[HistoryEntry]) -> list[PointEntry]:
    """Return entries as a history shows them, in the order given, without those of hidden wallets."""
    hidden = audience.programme.hidden_wallets
    return [entry_of(audience, member, one) for one in history_entries if one.wallet not in hidden]


def quoted_entries(audience: Audience, entries: Iterable[Entry], version: int) -> list[QuotedEntry]:
    """Return entries that would be written, without those of hidden wallets."""
    hidden = audience.programme.hidden_wallets
    return [_quoted_entry(audience, entry, version) for entry in entries if entry.wallet not in hidden]


def _quoted_entry(audience: Audience, entry: Entry, version: int) -> QuotedEntry:
    return QuotedEntry(
        wallet=WalletCode(entry.wallet),
        unit=unit_of(audience, entry.wallet),
        entry_kind=EntryKind[entry.kind],
        amount=entry.amount,
        title=entry_title(audience, entry, version=version),
        available_at=entry.available_at,
        expires_on=entry.expires_on,
    )


def totals_of(audience: Audience, entries: Sequence[Entry]) -> list[WalletTotal]:
    """Return the sum of entries for each wallet that they move, in the file's order."""
    sums: dict[str, int] = {}
    for entry in entries:
        sums[entry.wallet] = sums.get(entry.wallet, 0) + entry.amount
    return [
        WalletTotal(
            wallet=WalletCode(spec.code),
            name=audience.text(spec.name),
            currency=audience.programme.programme.currency if spec.kind == "money" else None,
            unit=units_by_code(audience.programme, audience.locale)[spec.code],
            amount=sums[spec.code],
        )
        for spec in audience.programme.shown_wallets
        if spec.code in sums
    ]
