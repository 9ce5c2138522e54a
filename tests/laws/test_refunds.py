"""Laws of refunds: in any split and order they claim what one full refund claims, and what remains never
grows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.model.event_names import PURCHASED, REFUNDED
from domain.model.ledger.decide import decide
from domain.model.ledger.deciding.returns.journaled import journaled_purchase
from domain.model.ledger.deciding.returns.refund_lines import RefundLine, remaining_purchase
from domain.model.ledger.decision import RefundClaim, RefundTooLarge
from domain.model.ledger.events import Event, Line, Payment, Purchase, Refund, WalletPayment
from domain.model.ledger.late_events import HistoricalContext
from domain.model.ledger.member import Member
from domain.model.ledger.payments import payable_base, payable_wallets, payment_back
from domain.model.ledger.state.encoding import payment_values
from domain.model.ledger.state.ledger_restore import read_payment
from domain.model.ledger.views.expression_view import eligible
from domain.model.programme import Programme
from tests.laws.random_histories import HISTORIES, PROGRAMMES, Step, run_history, with_examples

BOUGHT = st.lists(
    st.tuples(st.sampled_from(("coins", "stamps", "gift")), st.integers(1, 5), st.integers(0, 6_000)),
    max_size=4,
)
ASKED = st.lists(
    st.one_of(
        st.integers(1, 9_000),
        st.tuples(st.integers(1, 4), st.integers(1, 5)),
        st.tuples(st.integers(1, 4), st.integers(-900, -1)),
    ),
    max_size=5,
)


def _lines(part: int | tuple[int, int]) -> tuple[RefundLine, ...]:
    """A tuple asks for a quantity of a line, or (below zero) for an amount of it."""
    if isinstance(part, int):
        return ()
    line, much = part
    return (RefundLine(line, quantity=much) if much > 0 else RefundLine(line, amount=-much),)


def _refunded(
    programme: Programme, member: Member, bought: Purchase, parts: list[int | tuple[int, int]], gap: timedelta
) -> Counter[str]:
    """Buy, take back in these steps and then all that is left; return what was claimed in all."""
    assert member.decided_at is not None
    at = member.decided_at + timedelta(hours=1)
    decision = decide(programme, member, Event("p", PURCHASED, at, "till", purchase=bought), now=at)
    row, claims, returned = decision.row, list[RefundClaim](), Counter[str]()
    assert row.event.purchase is not None
    left = row.event.purchase
    for number, part in enumerate([*parts, None]):
        try:
            after = remaining_purchase(
                left,
                amount=part if isinstance(part, int) else None,
                lines=() if part is None else _lines(part),
            )
        except RefundTooLarge:
            continue
        at += gap
        refund = Refund(journaled_purchase(row, claims=claims), left, after)
        event = Event(f"r{number}", REFUNDED, at, "till", purchase=after, refund=refund)
        decision = decide(programme, decision.member, event, now=at, history=HistoricalContext(programme))
        assert decision.row.claim is not None
        claims.append(decision.row.claim)
        back = payment_back(left, after)
        returned.update({"money": back.money, **{one.wallet: one.units for one in back.wallets}})
        left = after
    assert left.total == 0
    total = Counter(returned)
    for claim in claims:
        taken = dict(claim.purchase.amounts)
        for name, counted in claim.purchase.uncounted.items():
            taken |= {f"unqualified:{name}": counted.awards, f"uncounted:{name}": counted.event}
        total.update(taken)
        assert all(amount >= 0 for amount in taken.values())
    return +total


def _payment(programme: Programme, member: Member, purchase: Purchase) -> Payment | None:
    """Return the payment of half of what each wallet can pay, in whole steps."""
    available = {code: one.available for code, one in member.wallets.items()}
    parts = [
        WalletPayment(most.wallet, most.units // 2 // most.terms.whole_step * most.terms.whole_step)
        for most in payable_wallets(programme, purchase, available=available)
    ]
    parts = [part for part in parts if part.units]
    return Payment(purchase.total, tuple(parts)) if parts else None


@with_examples(30)
@given(PROGRAMMES, HISTORIES, BOUGHT, ASKED, st.integers(0, 300), st.sampled_from((0, 5, 24 * 9)))
def test_refunds_in_any_split_claim_what_one_full_refund_claims(
    programme: Programme,
    history: list[Step],
    bought: list[tuple[str, int, int]],
    parts: list[int | tuple[int, int]],
    unseen: int,
    gap: int,
) -> None:
    member = run_history(programme, history, more=timedelta(0)).members["ana"]
    lines = tuple(
        Line(n, f"s{n}", amount, quantity, None, category)
        for n, (category, quantity, amount) in enumerate(bought, start=1)
    )
    purchase = Purchase("x", unseen + 1 + sum(line.amount for line in lines), "EUR", "lisboa", lines)
    purchase = replace(purchase, payment=_payment(programme, member, purchase))
    once = _refunded(programme, member, purchase, [], timedelta(hours=gap))
    assert _refunded(programme, member, purchase, parts, timedelta(hours=gap)) == once
    assert _refunded(programme, member, purchase, parts[::-1], timedelta(0)) == once


@with_examples(200)
@given(PROGRAMMES, BOUGHT, ASKED, st.integers(0, 300), st.integers(0, 100))
def test_what_of_a_paid_purchase_may_earn_never_grows_by_a_refund(
    programme: Programme,
    bought: list[tuple[str, int, int]],
    parts: list[int | tuple[int, int]],
    unseen: int,
    share: int,
) -> None:
    lines = tuple(
        Line(n, f"s{n}", amount, quantity, None, category)
        for n, (category, quantity, amount) in enumerate(bought, start=1)
    )
    left = Purchase("x", unseen + 1 + sum(line.amount for line in lines), "EUR", "lisboa", lines)
    base = payable_base(programme, left)
    assume(base * share >= 100)  # no payment is worth nothing
    paid = WalletPayment("points", 0, base * share // 100), WalletPayment("credit", 0, base // 3, earns=True)
    payment = Payment(left.total, paid[: 1 + (share <= 60)], base)
    values = payment_values(payment)
    assert isinstance(values, list)
    assert read_payment(values) == payment
    left = replace(left, payment=payment)
    for part in parts:
        try:
            after = remaining_purchase(
                left, amount=part if isinstance(part, int) else None, lines=_lines(part)
            )
        except RefundTooLarge:
            continue
        assert eligible(programme, after) <= eligible(programme, left)
        left = after


@with_examples(200)
@given(BOUGHT, ASKED, st.integers(0, 300))
def test_the_receipt_adds_up_at_every_step(
    bought: list[tuple[str, int, int]], parts: list[int | tuple[int, int]], unseen: int
) -> None:
    lines = tuple(
        Line(n, f"s{n}", amount, quantity, None, category)
        for n, (category, quantity, amount) in enumerate(bought, start=1)
    )
    left = Purchase("x", unseen + sum(line.amount for line in lines), "EUR", "lisboa", lines)
    for part in parts:
        try:
            after = remaining_purchase(
                left, amount=part if isinstance(part, int) else None, lines=_lines(part)
            )
        except RefundTooLarge:
            continue
        assert sum(line.amount for line in after.lines) <= after.total < left.total or (
            after.total == left.total and not isinstance(part, int)
        )
        assert left.total - after.total == (
            part
            if isinstance(part, int)
            else sum(a.amount - b.amount for a, b in zip(left.lines, after.lines, strict=True))
        )
        for before, line in zip(left.lines, after.lines, strict=True):
            assert 0 <= line.amount <= before.amount
            assert 0 <= line.quantity <= before.quantity
            assert line.quantity or not line.amount
        left = after
