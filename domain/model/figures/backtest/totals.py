"""Sums over rows, as a back-test compares them: of what was, and of what would have been."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import field
from datetime import datetime

from domain.model.ledger.decide import at_instant
from domain.model.ledger.decision import JournalRow
from domain.model.ledger.ladder import held_tier
from domain.model.ledger.member import Member
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve

MOVED_BY_MEMBERS = frozenset({"SPEND", "RETURN", "TRANSFER", "OPENING"})


@dataclass
class Totals:
    """Sums by what they are of. `entries` are units by (wallet, kind), `entries_by_rule` by (rule, wallet,
    kind); `fired` counts by rule, `members_by_rule` those who got anything of it; `vouchers` count by
    (reward, change), `messages` by code. `outstanding` units by wallet and `tiers` are as of the end.
    """

    rows: int = 0
    entries: Counter[tuple[str, str]] = field(default_factory=Counter)
    entries_by_rule: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    members_by_rule: Counter[str] = field(default_factory=Counter)
    vouchers: Counter[tuple[str, str]] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    outstanding: Counter[str] = field(default_factory=Counter)
    tiers: Counter[str] = field(default_factory=Counter)

    def add(self, other: Totals) -> None:
        """Add other sums to these."""
        self.rows += other.rows
        for sums, others in (
            (self.entries, other.entries),
            (self.entries_by_rule, other.entries_by_rule),
            (self.fired, other.fired),
            (self.members_by_rule, other.members_by_rule),
            (self.vouchers, other.vouchers),
            (self.messages, other.messages),
            (self.outstanding, other.outstanding),
            (self.tiers, other.tiers),
        ):
            sums.update(others)  # type: ignore[arg-type]  # the same kind of sums each

    def units_given(self) -> int:
        """Return the units that the programme gave, less what lapsed and what it took back: of all wallets,
        without what members spent.
        """
        return sum(amount for (_, kind), amount in self.entries.items() if kind not in MOVED_BY_MEMBERS)


def totals_of(programme: Programme, rows: Iterable[JournalRow], member: Member, *, until: datetime) -> Totals:
    """Return the sums of a member's rows. `member` is how they leave them, looked at at an instant."""
    # Imported here, because a server sums up nothing and need not load what simulates.
    from domain.model.simulate.sent_messages import SentMessages

    totals, fired, sent_messages = Totals(), set[str](), SentMessages(programme)
    codes = {spec.code for spec in programme.messages}
    for row in rows:
        totals.rows += 1
        for entry in row.entries:
            totals.entries[entry.wallet, entry.kind] += entry.amount
            if entry.rule is not None:
                totals.entries_by_rule[entry.rule, entry.wallet, entry.kind] += entry.amount
        for outcome in row.outcomes:
            if outcome.applied and outcome.amount >= 0:  # what a refund takes is no firing
                totals.fired[outcome.rule] += 1
                fired.add(outcome.rule)
        for step in row.vouchers:
            totals.vouchers[step.reward, step.change] += 1
        if row.messages:
            known = tuple(message for message in row.messages if message.code in codes)
            totals.messages.update(map(str, sent_messages.send(member.id, evolve(row, messages=known))))
            totals.messages.update(message.code for message in row.messages if message.code not in codes)
    totals.members_by_rule.update(fired)
    member = at_instant(programme, member, now=until)
    for code, wallet in member.wallets.items():
        totals.outstanding[code] += wallet.available + wallet.pending + wallet.held - wallet.debt
    if member.tier is not None and programme.tiers is not None and member.joined_at is not None:
        totals.tiers[held_tier(programme, member.tier)] += 1
    return totals
