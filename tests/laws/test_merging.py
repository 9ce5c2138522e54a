"""The laws of merging two memberships, on random histories: nothing is made or lost, every lot keeps its days,
and an undone merge leaves both as they were.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import Phase, given, seed, settings

from domain.model import event_names
from domain.model.calendar import local_day
from domain.model.ledger.decide import at_instant, decide
from domain.model.ledger.decision import Decision
from domain.model.ledger.events import Event, Json
from domain.model.ledger.member import Member, settle_lots
from domain.model.ledger.merging.moved_state import split, write_state
from domain.model.ledger.period_counts import periods_of, shared_counter, used_in_period
from domain.model.ledger.state import ledger_restore, ledger_state
from domain.model.ledger.timeline import turn
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme
from domain.model.simulate.inputs import InputLine
from domain.model.values import evolve
from tests.laws.random_histories import (
    DEEP,
    HISTORIES,
    LIVES,
    PROGRAMMES,
    RecordedSimulation,
    Step,
    T,
    lines,
    timely_run,
    with_examples,
)


def tried(law: T) -> T:
    """Try a law as others are, but report the first history that breaks it: to make it smaller takes long."""
    return settings(with_examples(LIVES), phases=(Phase.generate,))(seed(1)(law) if DEEP == 1 else law)


def merged(programme: Programme, source: Member, into: Member, at: datetime) -> tuple[Decision, Decision]:
    """Close a membership and have another one take it, as the two commits do."""
    closing = Event(f"close:{source.id}", event_names.CLOSED, at, "selo", {"into": into.id})
    closed = decide(programme, source, closing, now=at)
    [moving] = closed.row.delayed
    return closed, decide(programme, into, moving.event, now=at, by="decision")


def lots_of(programme: Programme, member: Member, at: datetime) -> Counter[tuple[str, object, object]]:
    """Return what a member holds by wallet, last day and hour from which it can be spent."""
    held = Counter[tuple[str, object, object]]()
    for code, wallet in at_instant(programme, member, now=at).wallets.items():
        for lot in wallet.lots:
            hour = lot.available_at.replace(minute=0, second=0, microsecond=0) if lot.available_at else None
            held[code, lot.expires_on, hour] += lot.amount
    return held


def totals(*wallets: Wallet) -> tuple[int, ...]:
    names = ("balance", "earned", "spent", "expired", "adjusted")
    return tuple(sum(getattr(wallet, name) for wallet in wallets) for name in names)


def hold(member: Member) -> None:
    for wallet in member.wallets.values():
        assert wallet.balance == wallet.earned + wallet.adjusted - wallet.spent - wallet.expired
        assert wallet.available + wallet.pending == sum(lot.amount for lot in wallet.lots)
        assert not wallet.debt or not wallet.lots


def brought_to(programme: Programme, member: Member, at: datetime) -> Member:
    return turn(programme, member, until=at).member


@tried
@given(PROGRAMMES, HISTORIES)
def test_what_two_memberships_held_is_held_by_one(programme: Programme, history: list[Step]) -> None:
    run = timely_run(programme, history)
    at = run.clock + timedelta(hours=1)
    source, into = (brought_to(programme, run.members[who], at) for who in ("eva", "bob"))
    closed, taken = merged(programme, source, into, at)
    for code in closed.member.wallets:
        assert closed.member.wallets[code].lots == ()
        assert totals(closed.member.wallets[code]) == (0, 0, 0, 0, 0)
    own = {
        code
        for row in taken.rows
        for entry in row.entries
        if entry.kind != "TRANSFER"
        for code in [entry.wallet]
    }
    for code in source.wallets.keys() | into.wallets.keys():
        before = totals(*(member.wallets.get(code) or Wallet() for member in (source, into)))
        if code not in own:
            assert totals(taken.member.wallets[code]) == before
    hold(taken.member)
    has_debt = any(wallet.debt for member in (source, into) for wallet in member.wallets.values())
    if not has_debt and not own and not _moves_days(programme, source, into, taken.member):
        both = lots_of(programme, source, at) + lots_of(programme, into, at)
        assert lots_of(programme, taken.member, at) == both
    assert taken.member.purchases.standing == source.purchases.standing + into.purchases.standing
    for decision in (closed, taken):
        folded = ledger_state.fold_rows(decision.rows, ledger_state.state_paths(decision.before))
        assert folded == ledger_state.state_paths(decision.member)
        restored = ledger_restore.restore_member(
            ledger_state.nest(folded),
            id=decision.member.id,
            number=decision.member.number,
            profile=decision.member.profile,
            seq=decision.member.seq,
        )
        assert evolve(restored, merged_into=decision.member.merged_into) == evolve(
            decision.member, turned_at=None
        )


def _moves_days(programme: Programme, *members: Member) -> bool:
    """Tell whether tiers give days of their own and one of these changes them."""
    by_tier = any(spec.expiry.by_tier for spec in programme.wallets)
    return by_tier and len({member.tier.code if member.tier else None for member in members}) > 1


@tried
@given(PROGRAMMES, HISTORIES)
def test_an_undone_merge_leaves_both_as_they_were(programme: Programme, history: list[Step]) -> None:
    run = timely_run(programme, history)
    at = run.clock + timedelta(hours=1)
    source, into = (brought_to(programme, run.members[who], at) for who in ("eva", "bob"))
    closed, taken = merged(programme, source, into, at)
    data: dict[str, Json] = {
        "member": source.id,
        "before": write_state(into),
        "after": write_state(taken.member),
        "moved": write_state(split(programme, source, at=at).moved),
    }
    later = at + timedelta(minutes=1)
    giving = Event("undo", event_names.UNMERGED, later, "selo", data)
    given_back = decide(programme, taken.member, giving, now=later)
    state: dict[str, Json] = {"member": source.id, "state": write_state(source)}
    opening = Event("undo>", event_names.REOPENED, later, "selo", state)
    opened = decide(programme, closed.member, opening, now=later)
    for before, after in ((source, opened.member), (into, given_back.member)):
        expected = brought_to(programme, settle_lots(before, at=later), later)
        for code, wallet in expected.wallets.items():
            assert totals(after.wallets[code]) == totals(wallet)
        assert lots_of(programme, after, later) == lots_of(programme, expected, later)
        assert after.tags == expected.tags
        assert after.badges == expected.badges
        assert after.purchases == expected.purchases
        assert after.referral == expected.referral
        assert (after.tier and after.tier.days) == (expected.tier and expected.tier.days)
        assert (after.tier and after.tier.code) == (expected.tier and expected.tier.code)
    assert opened.member.merged_into is None
    assert local_day(later, programme.zone) >= local_day(at, programme.zone)


@tried
@given(PROGRAMMES, HISTORIES)
def test_a_refund_after_a_merge_frees_what_it_would_have_before(
    programme: Programme, history: list[Step]
) -> None:
    past = list(lines(history))
    at = max(line.at for line in past) + timedelta(hours=1)
    receipts = [line for line in past if line.member == "eva" and line.name == event_names.PURCHASED]
    receipt = receipts[0] if len(past) % 2 else receipts[-1]  # the first in one life, the last in another
    merge = InputLine(len(past) + 1, at, "bob", event_names.MERGED, "cli", {"from": "eva"})
    number = receipt.data["externalId"]
    refund = InputLine(len(past) + 2, at, "eva", event_names.REFUNDED, "till", {"externalId": number})
    runs = []
    for last in ((merge, refund), (refund, merge)):
        run = RecordedSimulation(programme)
        for line in (*past, *last):
            for _ in run.event(line):
                pass
        for _ in run.advance(at):
            pass
        runs.append(run)
    after, before = (run.members["bob"] for run in runs)
    for each in (after, before):
        hold(each)
    assert used(programme, after, at) == used(programme, before, at)
    assert after.purchases.standing == before.purchases.standing
    assert after.purchases.total == before.purchases.total


def used(programme: Programme, member: Member, at: datetime) -> dict[tuple[str, str], tuple[int, int]]:
    """Return what purchases have used of each limit and cap in the periods of a day. What came of a tier or a
    badge stays with whoever has that still, as the one that took it over may.
    """
    day, rules = local_day(at, programme.zone), programme.rules
    others = {rule.capped_by for rule in rules if set(rule.on) != {event_names.PURCHASED}}
    names = [rule.code for rule in rules if set(rule.on) == {event_names.PURCHASED}]
    names += [shared_counter(cap.code) for cap in programme.caps if cap.code not in others]
    return {
        (name, per): (count.times, count.amount)
        for name in names
        for per in periods_of(programme, name)
        if (count := used_in_period(member.counters.get(name, ()), per, day))
    }
