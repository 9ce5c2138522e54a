"""The ledger's laws on random histories: no points are made or lost, no balance is below zero, rows fold to
the state.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given

from domain.model.event_names import HOLD_PLACED, REDEEMED, REWARD_UNLOCKED, SEGMENT_ENTERED
from domain.model.ledger.decide import at_instant, decide
from domain.model.ledger.decision import Decision, JournalRow
from domain.model.ledger.events import Purchase
from domain.model.ledger.gifts import Counted
from domain.model.ledger.member import Member
from domain.model.ledger.payments import paid_otherwise, payment_back, payment_left
from domain.model.ledger.state import ledger_restore, ledger_state
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme
from domain.model.simulate import SimulatedReceipt
from domain.model.values import evolve
from tests.laws.random_histories import (
    HISTORIES,
    PROGRAMMES,
    WHO,
    RecordedSimulation,
    Step,
    on_histories,
    timely_run,
)


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_figures_entries_and_lots_agree_after_every_decision(
    programme: Programme, history: list[Step]
) -> None:
    run = timely_run(programme, history)
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for decision in run.decisions:
        for row in decision.rows:
            for entry in row.entries:
                sums[decision.member.id, entry.wallet] += entry.amount
                assert entry.balance == sums[decision.member.id, entry.wallet]
        for code, wallet in decision.member.wallets.items():
            _check_sums(wallet)
            assert wallet.balance == sums[decision.member.id, code]


def _check_sums(wallet: Wallet) -> None:
    assert (
        wallet.available + wallet.held + wallet.pending - wallet.debt
        == wallet.earned + wallet.adjusted - wallet.spent - wallet.expired
    )
    assert wallet.available + wallet.pending == sum(lot.amount for lot in wallet.lots)
    assert all(lot.amount > 0 for lot in wallet.lots)
    assert min(wallet.debt, wallet.earned, wallet.spent, wallet.expired) >= 0
    assert len({(lot.available_at, lot.expires_on) for lot in wallet.lots}) == len(wallet.lots)
    live = [hold for hold in wallet.holds.values() if hold.is_live]
    assert all(sum(part.amount for part in hold.parts) == hold.units for hold in live)
    assert wallet.held == sum(hold.units for hold in live)
    assert len({(hold.store, hold.order) for hold in live}) == len(live) <= 5


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_a_hold_ends_in_its_time_is_paid_once_and_moves_nothing_by_itself(
    programme: Programme, history: list[Step]
) -> None:
    run = timely_run(programme, history)
    captured = Counter[str]()
    for decision in run.decisions:
        for row in decision.rows:
            if row.event.name == HOLD_PLACED:
                assert not {REWARD_UNLOCKED, SEGMENT_ENTERED} & {event.name for event in row.raised}
                assert all(entry.kind in ("CLAWBACK", "EXPIRE") for entry in row.entries)
            payment = row.event.purchase.payment if row.event.purchase and not row.event.refund else None
            if payment is not None and row.event.delayed_rule is None:
                captured.update(part.hold for part in payment.parts if part.hold is not None)
        at = decision.member.decided_at
        for wallet in decision.member.wallets.values():
            assert all(hold.until > at for hold in wallet.holds.values() if hold.is_live and at is not None)
    assert all(times == 1 for times in captured.values())
    assert all(not wallet.held for member in run.members.values() for wallet in member.wallets.values())


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_rows_and_entries_are_numbered_without_a_gap_and_fold_to_the_state(
    programme: Programme, history: list[Step]
) -> None:
    run = timely_run(programme, history)
    for who in WHO:
        folded = ledger_state.fold_rows([])
        entries, by_wallet = 0, defaultdict[str, int](int)
        for seq, (row, after) in enumerate(_rows(run, who), start=1):
            assert row.seq == seq
            for entry in row.entries:
                entries, by_wallet[entry.wallet] = entries + 1, by_wallet[entry.wallet] + 1
                assert (entry.n, entry.wallet_n) == (entries, by_wallet[entry.wallet])
                assert entry.amount
            assert not any(path.startswith("profile") for path in row.changes)
            folded = ledger_state.fold_rows([row], folded)
            if after is not None:
                assert folded == ledger_state.state_paths(after)
                assert _restored(after) == evolve(after, turned_at=None)


def _rows(run: RecordedSimulation, who: str) -> list[tuple[JournalRow, Member | None]]:
    """A member's rows, each last one of a decision with the member after it."""
    rows: list[tuple[JournalRow, Member | None]] = []
    for decision in run.decisions:
        if decision.member.id == who:
            last = len(decision.rows) - 1
            rows += [(row, decision.member if at == last else None) for at, row in enumerate(decision.rows)]
    return rows


def _restored(member: Member) -> Member:
    nested = ledger_state.nest(ledger_state.state_paths(member))
    assert ledger_state.flatten(nested) == ledger_state.state_paths(member)
    return ledger_restore.restore_member(
        nested, id=member.id, number=member.number, profile=member.profile, seq=member.seq
    )


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_a_quote_equals_the_award_and_what_is_read_equals_what_is_written(
    programme: Programme, history: list[Step]
) -> None:
    run = timely_run(programme, history)
    for decision in run.decisions:
        if decision.rows and decision.row.by != "time" and _on_time(decision):
            again = decide(
                programme,
                decision.before,
                decision.row.event,
                now=decision.row.event.at,
                by=decision.row.by,
                history=None,
            )
            assert again.rows == decision.rows or decision.row.event.refund is not None
        decided_at = decision.member.decided_at
        if decided_at is not None:
            read = at_instant(programme, decision.member, now=decided_at)
            assert {code: wallet.available for code, wallet in read.wallets.items()} == {
                code: wallet.available for code, wallet in decision.member.wallets.items()
            }


def _on_time(decision: Decision) -> bool:
    before = decision.before.decided_at
    return before is None or decision.row.event.at >= before


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_spending_lowers_no_tier_and_giving_back_returns_what_was_taken(
    programme: Programme, history: list[Step]
) -> None:
    run = timely_run(programme, history)
    taken: dict[str, int] = {}
    for decision in run.decisions:
        for row in decision.rows:
            for entry in row.entries:
                if entry.kind == "SPEND" and entry.voucher:
                    taken[entry.voucher] = -entry.amount
                    assert sum(part.amount for part in entry.lots) == -entry.amount
                if entry.kind == "RETURN" and entry.voucher:
                    assert taken.pop(entry.voucher) == entry.amount == sum(part.amount for part in entry.lots)
            if row.event.name == REDEEMED:
                assert "tier.changed" not in [event.name for event in row.raised]


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_clawbacks_and_lapses_are_bounded_by_what_was_given(
    programme: Programme, history: list[Step]
) -> None:
    run = timely_run(programme, history)
    for receipt in run.receipts.values():
        for code, awarded in receipt.row.awarded.items():
            claimed = sum(claim.purchase.amounts.get(code, 0) for claim in receipt.claims)
            assert 0 <= claimed <= awarded
            assert (claimed == awarded) or receipt.remaining.total
        for name, counted in receipt.row.counted.items():
            taken = [claim.purchase.uncounted.get(name, Counted()) for claim in receipt.claims]
            assert sum(part.awards for part in taken) <= counted.awards


@on_histories
@given(PROGRAMMES, HISTORIES)
def test_what_wallets_paid_comes_back_in_proportion_and_never_more_money_than_was_paid(
    programme: Programme, history: list[Step]
) -> None:
    run = timely_run(programme, history)
    moved, money = Counter[tuple[str, str]](), Counter[str]()
    for row in [row for decision in run.decisions for row in decision.rows]:
        cause = row.event.refund.purchase.key if row.event.refund else row.event.id
        for entry in row.entries:
            if entry.is_payment and entry.kind != "CLAWBACK":
                moved[cause, entry.wallet] -= entry.amount
        if row.refunded is not None:
            back = payment_back(row.refunded.before, row.refunded.remaining)
            taken = row.refunded.before.total - row.refunded.remaining.total
            assert back.money >= 0
            assert all(part.units >= 0 and part.worth >= 0 for part in back.wallets)
            assert back.money + sum(part.worth for part in back.wallets) == taken
            money[cause] += back.money
    for receipt in run.receipts.values():
        key, remaining = receipt.row.event.id, receipt.remaining
        left = payment_left(remaining)
        assert {part.wallet: part.units for part in left} == {
            part.wallet: moved[key, part.wallet] for part in left
        }
        assert money[key] + paid_otherwise(remaining) == paid_otherwise(bought_of(receipt))
        if remaining.is_returned:
            assert not any(part.units or part.worth for part in left)


def bought_of(receipt: SimulatedReceipt) -> Purchase:
    assert receipt.row.event.purchase is not None
    return receipt.row.event.purchase
