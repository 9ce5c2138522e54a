"""Why an amount is what it is, and why there is none: what each rule came to, in the reader's language."""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import UNIT
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info
from api.graphql.engine.titles import entry_title, find_spec, public_rule, reason_text, rule_title
from api.graphql.member.catalogue.units import ProgrammeWallet, unit_of
from api.texts import amount_text, of_kind, say
from domain.model.event_names import ADJUSTED, PURCHASED
from domain.model.ledger.decision import JournalRow, Outcome, OutcomeReason
from domain.model.ledger.events import Purchase
from domain.model.ledger.views.counted_amounts import CountedAmount, counted_amount
from domain.model.programme import Programme
from domain.store.ledger.history_entries import HistoryEntry


@enum_of_words(OutcomeReason, description="Why a rule did not count in full. New words may be added.")
class RuleReasonKind(Enum):
    WHEN = strawberry.enum_value("WHEN", description="Its condition did not hold.")
    DURING = strawberry.enum_value("DURING", description="It was not its time.")
    LIMIT = strawberry.enum_value("LIMIT", description="It had counted as often as it may.")
    CAP = strawberry.enum_value("CAP", description="It had given as much as it may, in full or in part.")
    BEST_OF = strawberry.enum_value("BEST_OF", description="Another rule of its group gave more.")
    HOLDOUT = strawberry.enum_value("HOLDOUT", description="Not for this member; told to staff alone.")
    NOTHING_TO_COUNT = strawberry.enum_value(
        "NOTHING_TO_COUNT", description="None of it counts for this rule."
    )
    ROUNDED_TO_ZERO = strawberry.enum_value("ROUNDED_TO_ZERO", description="It came to less than one.")
    NO_CONSENT = strawberry.enum_value("NO_CONSENT", description="A message had no leave to be sent.")
    FROZEN = strawberry.enum_value("FROZEN", description="The membership is frozen.")
    LATER = strawberry.enum_value("LATER", description="It counts later; `at` says when.")


@strawberry.type(description="Why a rule did not count, or not in full.")
class RuleReason:
    kind: RuleReasonKind = strawberry.field(description="The kind of reason.")
    outdone_by: str | None = strawberry.field(
        description="The title of the rule that gave more, in the reader's language; null unless BEST_OF."
    )
    at: datetime | None = strawberry.field(description="When it counts; null unless LATER.")


@strawberry.type(
    description=(
        "What one rule came to. A rule that is not listed, or has no title, is told of only where it counted;"
        " to members only rules with a title that give something, and no holdout."
    )
)
class RuleOutcome:
    rule: str = strawberry.field(
        description=(
            "Its code in the programme file; badge:CODE, tier:CODE, reward:CODE, segment:CODE or an"
            " invitation where that gave; the event's name where no rule did."
        )
    )
    title: str = strawberry.field(
        description="In the reader's language; the code of a rule that awards nothing and has none."
    )
    applied: bool = strawberry.field(description="Whether it counted.")
    wallet: WalletCode | None = strawberry.field(description="What it gave to; null where it gave nothing.")
    amount: int = strawberry.field(
        description="What it gave, negative where that was taken back; 0 where it did not count."
    )
    reason: str | None = strawberry.field(
        description=(
            "A fixed word: when, during, limit, cap, best_of:RULE, holdout, nothing_to_count,"
            " rounded_to_zero, no_consent, frozen, later:INSTANT; null where the rule counted in"
            " full."
        )
    )
    variant: str | None = strawberry.field(
        description=(
            "Which variant of the rule was carried out, for staff; null for members, and where it has none."
        )
    )
    audience: strawberry.Private[Audience]
    version: strawberry.Private[int]
    counted: strawberry.Private[CountedAmount | None] = None

    @strawberry.field(
        description=(
            "What it counted and gave for how much, in the reader's language, so that one can work the amount"
            " out: what of the receipt counts, and what does not. Null where it counted no amount of"
            " a receipt, or did not give all that it came to."
        )
    )
    def basis(self) -> str | None:
        return None if self.counted is None else _basis_text(self.audience, self, self.counted)

    @strawberry.field(description=UNIT)
    def unit(self) -> ProgrammeWallet | None:
        return unit_of(self.audience, self.wallet)

    @strawberry.field(
        description="`reason` in its parts, so that nobody has to read a text; null where it counted in full."
    )
    def why(self) -> RuleReason | None:
        return None if self.reason is None else _rule_reason(self.audience, self.reason, self.version)

    @strawberry.field(
        description=(
            "The reason in the reader's language, to stand behind the title; null where it counted in full."
        )
    )
    def message(self) -> str | None:
        return None if self.reason is None else reason_text(self.audience, self.reason)


async def explanation_of_entry(
    info: Info, audience: Audience, member: str, history_entry: HistoryEntry
) -> list[RuleOutcome]:
    """Return why an entry has its amount: the rules that made it, and those that gave nothing."""
    row = await info.context.loaders.row(member, history_entry.seq)
    outcomes = row.outcomes if row is not None else ()
    counted = (
        _taken_outcomes(row, history_entry) if row is not None and history_entry.kind == "CLAWBACK" else []
    )
    reasons = outcomes_of(audience, counted, history_entry.version)
    if not reasons:
        title = await _entry_reason_title(info, audience, member, history_entry)
        reasons = [_entry_outcome(history_entry, outcomes, row, title=title, audience=audience)]
    missed = (outcome for outcome in outcomes if not outcome.applied)
    return [*reasons, *outcomes_of(audience, missed, history_entry.version)]


async def explanation_of_row(info: Info, audience: Audience, member: str, seq: int) -> list[RuleOutcome]:
    """Return what each rule came to in a row of the journal."""
    row = await info.context.loaders.row(member, seq)
    if row is None:
        return []
    await info.context.dependencies.runtime.programmes.load_versions([row.version])
    return outcomes_of(audience, row.outcomes, row.version, purchase=_bought(row))


def outcomes_of(
    audience: Audience, outcomes: Iterable[Outcome], version: int, *, purchase: Purchase | None = None
) -> list[RuleOutcome]:
    """Return the outcome of each rule, with its title in the reader's language, and what it counted of a
    purchase. A rule that is not listed, or has no title, is told of only where it counted.
    """
    programme = audience.programme_of_version(version)
    hidden = programme.hidden_wallets | audience.programme.hidden_wallets
    return [
        RuleOutcome(
            rule=public_rule(outcome.rule) or outcome.rule,
            title=rule_title(programme, outcome.rule, audience.locale),
            applied=outcome.applied,
            wallet=WalletCode(outcome.wallet) if outcome.wallet else None,
            amount=outcome.amount,
            reason=outcome.reason,
            variant=outcome.variant if audience.is_staff else None,
            audience=audience,
            version=version,
            counted=_counted(programme, outcome, purchase),
        )
        for outcome in outcomes
        if outcome.rule not in programme.hidden_rules
        and outcome.wallet not in hidden
        and (outcome.applied or outcome.rule not in programme.unlisted_rules)
        and (audience.is_staff or _is_for_members(programme, outcome))
    ]


def _is_for_members(programme: Programme, outcome: Outcome) -> bool:
    """Tell whether members are told of an outcome: not of a holdout, nor of a rule that has no title or only
    sends and marks. What a badge, a tier or an invitation gave has a title of its own.
    """
    if outcome.reason == "holdout":
        return False
    code = public_rule(outcome.rule)
    if code is None or ":" in code:
        return True
    spec = find_spec(programme.rule, code)
    return spec is not None and spec.title is not None and spec.gives


def _rule_reason(audience: Audience, reason: str, version: int) -> RuleReason | None:
    """Return a reason in its parts; None for a word of a later release."""
    word, _, detail = reason.partition(":")
    kind = RuleReasonKind.__members__.get(word.upper())
    if kind is None:
        return None
    programme = audience.programme_of_version(version)
    is_later = kind is RuleReasonKind.LATER
    return RuleReason(
        kind=kind,
        outdone_by=rule_title(programme, detail, audience.locale) if kind is RuleReasonKind.BEST_OF else None,
        at=datetime.fromisoformat(detail) if is_later else None,
    )


def _taken_outcomes(row: JournalRow, entry: HistoryEntry) -> list[Outcome]:
    """Return what a refund changed of each rule in an entry: less of one, more of another that stands now
    instead. The entry of a delayed rule bears it, that of the rules on the purchase itself bears none.
    """
    own_entries = {other.rule for other in row.entries if other.kind == "CLAWBACK"} - {None}
    awarded = {(other.rule, other.wallet) for other in row.entries if other.kind in ("AWARD", "BONUS")}
    return [
        outcome
        for outcome in row.outcomes
        if outcome.wallet == entry.wallet
        and (outcome.amount < 0 or (outcome.amount > 0 and (outcome.rule, outcome.wallet) not in awarded))
        and entry.voucher is None
        and (outcome.rule == entry.rule if entry.rule is not None else outcome.rule not in own_entries)
    ]


def _bought(row: JournalRow) -> Purchase | None:
    return row.event.purchase if row.event.name == PURCHASED else None


def _counted(programme: Programme, outcome: Outcome, purchase: Purchase | None) -> CountedAmount | None:
    """Return what a rule counted of a purchase; None where it gave nothing, or not all that it came to."""
    if purchase is None or outcome.wallet is None or outcome.reason is not None or outcome.amount <= 0:
        return None
    rule = find_spec(programme.rule, outcome.rule)
    if rule is None:
        return None
    its_own = rule.as_variant(outcome.variant)
    return counted_amount(programme, its_own, outcome.wallet, purchase, awarded=outcome.amount)


def _basis_text(audience: Audience, outcome: RuleOutcome, counted: CountedAmount) -> str:
    locale, programme = audience.locale, audience.programme_of_version(outcome.version)
    currency, wallet = programme.programme.currency, programme.wallet(str(outcome.wallet))

    def units(amount: int) -> str:
        return of_kind(wallet.kind, amount, currency=currency, locale=locale)

    def money(minor: int) -> str:
        return amount_text(minor, currency=currency, locale=locale)

    way = "all" if counted.counted == counted.total else "without" if counted.left_out else "part"
    text = say(
        f"basis.{way}",
        locale,
        amount=units(counted.amount),
        per=money(counted.per),
        counted=money(counted.counted),
        total=money(counted.total),
        categories=", ".join(_category_name(programme, code, locale) for code in counted.left_out),
    )
    return say("basis.extra", locale, basis=text, extra=units(counted.extra)) if counted.extra else text


def _category_name(programme: Programme, code: str, locale: str) -> str:
    spec = find_spec(programme.category, code)
    return spec.name.for_locale(locale) if spec is not None else code


def _entry_outcome(
    history_entry: HistoryEntry,
    outcomes: Iterable[Outcome],
    row: JournalRow | None,
    *,
    title: str,
    audience: Audience,
) -> RuleOutcome:
    """Return the outcome of what made an entry, with the entry's own amount."""
    rule, wallet = history_entry.rule, history_entry.wallet
    counted = (
        outcome
        for outcome in outcomes
        if outcome.applied and outcome.rule == rule and outcome.wallet == wallet
    )
    outcome = next(counted, None)
    programme = audience.programme_of_version(history_entry.version)
    purchase = _bought(row) if row is not None and history_entry.amount > 0 else None
    return RuleOutcome(
        rule=(public_rule(rule) if rule is not None else None) or history_entry.event_name,
        title=title,
        applied=True,
        wallet=WalletCode(wallet),
        amount=history_entry.amount,
        reason=outcome.reason if outcome else None,
        variant=outcome.variant if outcome and audience.is_staff else None,
        audience=audience,
        version=history_entry.version,
        counted=_counted(programme, outcome, purchase) if outcome is not None else None,
    )


async def _entry_reason_title(
    info: Info, audience: Audience, member: str, history_entry: HistoryEntry
) -> str:
    """Return the title of an entry, and for a correction what its manager wrote."""
    if history_entry.kind == "ADJUST" and history_entry.event_name == ADJUSTED:
        reason = await info.context.loaders.correction_reason(member, history_entry.seq)
        if reason is not None:
            return say("entry.ADJUST.reason", audience.locale, reason=reason)
    return entry_title(audience, history_entry, version=history_entry.version, reward=history_entry.reward)
