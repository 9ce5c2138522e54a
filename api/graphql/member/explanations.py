"""Why an amount is what it is, and why there is none: what each rule came to, in the reader's language."""

from collections.abc import Iterable

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info
from api.graphql.engine.titles import entry_title, public_rule, reason_text, rule_title
from api.texts import say
from domain.model.event_names import ADJUSTED
from domain.model.ledger.decision import JournalRow, Outcome
from domain.store.ledger.history_entries import HistoryEntry


@strawberry.type(
    description=(
        "What one rule came to. A rule that is not listed, or has no title, is told of only where it counted."
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
    audience: strawberry.Private[Audience]

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
        reasons = [_entry_outcome(history_entry, outcomes, title=title, audience=audience)]
    missed = (outcome for outcome in outcomes if not outcome.applied)
    return [*reasons, *outcomes_of(audience, missed, history_entry.version)]


async def explanation_of_row(info: Info, audience: Audience, member: str, seq: int) -> list[RuleOutcome]:
    """Return what each rule came to in a row of the journal."""
    row = await info.context.loaders.row(member, seq)
    if row is None:
        return []
    await info.context.dependencies.runtime.programmes.load_versions([row.version])
    return outcomes_of(audience, row.outcomes, row.version)


def outcomes_of(audience: Audience, outcomes: Iterable[Outcome], version: int) -> list[RuleOutcome]:
    """Return the outcome of each rule, with its title in the reader's language. A rule that is not listed, or
    has no title, is told of only where it counted.
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
            audience=audience,
        )
        for outcome in outcomes
        if outcome.rule not in programme.hidden_rules
        and outcome.wallet not in hidden
        and (outcome.applied or outcome.rule not in programme.unlisted_rules)
    ]


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


def _entry_outcome(
    history_entry: HistoryEntry, outcomes: Iterable[Outcome], *, title: str, audience: Audience
) -> RuleOutcome:
    """Return the outcome of what made an entry, with the entry's own amount."""
    rule, wallet = history_entry.rule, history_entry.wallet
    counted = (
        outcome
        for outcome in outcomes
        if outcome.applied and outcome.rule == rule and outcome.wallet == wallet
    )
    outcome = next(counted, None)
    return RuleOutcome(
        rule=(public_rule(rule) if rule is not None else None) or history_entry.event_name,
        title=title,
        applied=True,
        wallet=WalletCode(wallet),
        amount=history_entry.amount,
        reason=outcome.reason if outcome else None,
        audience=audience,
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
