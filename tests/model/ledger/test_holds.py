"""Holds: what is set aside for a checkout, captured by its purchase, released, or ended by time."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest

from domain.model.ledger.decide import at_instant, decide, new_member
from domain.model.ledger.events import Event, Payment, WalletPayment
from domain.model.ledger.fiscal.fiscal_record import refund_record, sale_record
from domain.model.ledger.holding.holds import HoldNotUsable, HoldRefused, payment_by
from domain.model.ledger.lots import Lot
from domain.model.ledger.member import Member
from domain.model.ledger.state import ledger_restore, ledger_state
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme
from domain.model.simulate import Simulation
from domain.model.simulate.event_lines import event_line
from domain.model.simulate.inputs import InputLine, read_line
from tests.model.simulation_runs import (
    Answer,
    Line,
    adjust,
    buy,
    enrol,
    figures,
    line,
    lots,
    programme,
    redeem,
    refund,
    rules,
    run,
)

PAID = "{code: points, name: Points, expiry: {after: {days: 30}}, pay: {units: 100, worth: 500, share: 50}}"
CREDIT = "{code: credit, name: Credit, kind: money}"
ELIGIBLE = (
    "{code: base, title: Base, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of:"
    " purchase.eligible}}]}"
)


def shop(*more: str, wallet: str = PAID) -> Programme:
    return programme(f"wallets: [{wallet}, {CREDIT}]", rules(ELIGIBLE), *more)


def hold(at: str, label: str, amount: int, *, order: str = "o1", total: int = 10_000, **more: object) -> Line:
    data = {"hold": label, "wallet": "points", "amount": amount, "order": order, "total": total, **more}
    return line(at, "hold.placed", data)


def release(at: str, label: str) -> Line:
    return line(at, "hold.released", {"hold": label})


def capture(at: str, label: str, *, units: int | None = None, total: int = 10_000, id: str = "r") -> Line:
    bought = buy(at, total, id=id)
    part = {"hold": label, **({"units": units} if units else {})}
    return {**bought, "data": {**bought["data"], "payWith": [part]}}


def entries(answer: Answer) -> list[tuple[str, int, list[tuple[int, str | None]]]]:
    return [(entry["kind"], entry["amount"], lots(entry)) for entry in answer["entries"]]


START = [enrol(), adjust("2026-01-01T10:00", 300), adjust("2026-01-11T10:00", 500)]


def test_what_is_held_cannot_be_spent_and_no_entry_says_so() -> None:
    p = shop("rewards: [{code: mug, title: Mug, kind: product, cost: {wallet: points, amount: 500}}]")
    ran = run(
        p,
        *START,
        hold("2026-01-12T10:00", "h", 400, minutes=60),
        redeem("2026-01-12T10:30", "mug"),
        adjust("2026-01-12T10:31", -401),
        until="2026-01-12T10:40",
    )
    assert [row["refused"] for row in ran.rows[-2:]] == ["InsufficientBalance", "InsufficientBalance"]
    assert figures(ran.ana) == {
        "available": 400, "pending": 0, "held": 400, "debt": 0, "earned": 0, "spent": 0, "expired": 0,
    }  # fmt: skip
    assert len(ran.entries()) == 2


def test_a_capture_spends_the_lots_that_were_held_and_less_gives_the_rest_back_at_once() -> None:
    # 400 held are the 300 of January 31 and 100 of February 10; 350 paid give 50 of February 10 back.
    ran = run(shop(), *START, hold("2026-01-12T10:00", "h", 400), capture("2026-01-12T10:05", "h", units=300))
    assert entries(ran.last) == [
        ("SPEND", -300, [(300, "2026-01-31")]),
        ("AWARD", 85, [(85, "2026-02-11")]),  # on the 85.00 that were money
    ]
    assert ran.last["payment"] == {
        "paid": 8_500,
        "wallets": [{"wallet": "points", "units": 300, "worth": 1_500}],
    }
    assert ran.ana["wallets"]["points"]["expiring"] == [
        {"amount": 500, "on": "2026-02-10"},
        {"amount": 85, "on": "2026-02-11"},
    ]
    again = run(
        shop(),
        *START,
        hold("2026-01-12T10:00", "h", 400),
        capture("2026-01-12T10:05", "h", units=300),
        capture("2026-01-12T10:06", "h", id="other"),
        release("2026-01-12T10:07", "h"),
    )
    assert [row["refused"] for row in again.rows[-2:]] == ["HoldNotUsable", "HoldNotUsable"]


def test_a_hold_that_is_captured_comes_to_what_a_payment_at_the_till_comes_to() -> None:
    paid = buy("2026-01-12T10:05", 10_000, id="r")
    paid["data"]["payWith"] = [{"wallet": "points", "units": 400}]
    mug = "rewards: [{code: mug, title: Mug, kind: product, cost: {wallet: points, amount: 100}}]"
    rich = "segments: [{code: rich, name: Rich, when: member.balance.points >= 350}]"
    back = refund("2026-03-01T10:00", "r", 5_000)
    at_till = run(shop(mug, rich), *START, paid, back)
    held = run(
        shop(mug, rich), *START, hold("2026-01-12T10:00", "h", 400), capture("2026-01-12T10:05", "h"), back
    )
    assert held.ana == at_till.ana
    told = [(row["event"], row["events"], entries(row)) for row in held if row["event"] != "hold.placed"]
    assert told == [(row["event"], row["events"], entries(row)) for row in at_till]


def test_time_ends_a_hold_without_a_job_and_what_lapsed_meanwhile_lapses_without_grace() -> None:
    # Held on January 31, the last day of 300, for three days: 100 of February 10 come back.
    ran = run(
        shop(), *START, hold("2026-01-31T22:00", "h", 400, minutes=3 * 24 * 60), until="2026-02-05T00:00"
    )
    assert [(row["event"], row["at"], entries(row)) for row in ran.rows[-1:]] == [
        ("hold.lapsed", "2026-02-03T22:00:00.000Z", [("EXPIRE", -300, [(300, "2026-01-31")])])
    ]
    assert (ran.last["by"], ran.last["events"]) == ("time", ["points.expired"])
    assert figures(ran.ana)["available"] == 500
    # Holding again at the end of each stops no expiry either: what is past its day is gone in between.
    again = run(
        shop(),
        *START,
        hold("2026-01-31T22:00", "h", 300, minutes=3 * 60),
        hold("2026-02-01T00:30", "g", 500, minutes=60),
        hold("2026-02-01T00:40", "i", 100, minutes=60),
    )
    assert [row["refused"] for row in again.rows[-2:]] == [None, None]
    assert figures(again.ana)["expired"] == 300


def test_reading_shows_an_ended_hold_as_free_before_any_row_says_so() -> None:
    run_of = _lived(*START, hold("2026-01-31T22:00", "h", 400, minutes=120))
    member = run_of.members["ana"]
    ends = datetime(2026, 2, 1, 0, 0, tzinfo=UTC)
    before = at_instant(run_of.programme, member, now=ends - timedelta(milliseconds=1)).wallets["points"]
    after = at_instant(run_of.programme, member, now=ends).wallets["points"]
    assert (before.available, before.held, before.expired) == (400, 400, 0)
    assert (after.available, after.held, after.expired) == (500, 0, 300)
    written = list(run_of.advance(ends))
    assert [row["event"] for row in written] == ["hold.lapsed"]
    assert run_of.members["ana"].wallets["points"].lots == after.lots


def _read(one: Line) -> InputLine:
    return read_line(1, json.dumps(one))


def _lived(*lines: Line) -> Simulation:
    simulation = Simulation(shop())
    for number, one in enumerate(lines, start=1):
        list(simulation.event(replace(_read(one), number=number)))
    return simulation


def test_a_late_capture_works_while_the_balance_allows_and_once() -> None:
    late = [*START, hold("2026-01-12T10:00", "h", 400), capture("2026-01-12T12:00", "h", id="late")]
    ran = run(shop(), *late, capture("2026-01-12T12:01", "h", id="again"))
    assert [row["event"] for row in ran.rows[-3:]] == [
        "hold.lapsed",
        "purchase.completed",
        "purchase.completed",
    ]
    assert entries(ran.rows[-2])[0] == ("SPEND", -400, [(300, "2026-01-31"), (100, "2026-02-10")])
    assert ran.last["refused"] == "HoldNotUsable"
    spent = run(
        shop(), *START, hold("2026-01-12T10:00", "h", 400), adjust("2026-01-12T11:00", -500), late[-1]
    )
    assert spent.last["refused"] == "InsufficientBalance"
    released = run(shop(), *late[:-1], release("2026-01-12T11:00", "h"), late[-1])
    assert released.last["refused"] == "HoldNotUsable"


def test_an_order_has_one_live_hold_which_another_replaces() -> None:
    ran = run(
        shop(),
        *START,
        hold("2026-01-12T10:00", "h", 700, total=20_000),
        hold("2026-01-12T10:01", "g", 800, total=20_000),  # 800 are there once the 700 are back
        capture("2026-01-12T10:02", "h", total=20_000),
        hold("2026-01-12T10:03", "i", 900, total=20_000),  # too much: the one before stays
        until="2026-01-12T10:04",
    )
    assert [row["refused"] for row in ran.rows[-3:]] == [None, "HoldNotUsable", "InsufficientBalance"]
    assert (figures(ran.ana)["available"], figures(ran.ana)["held"]) == (0, 800)


def test_what_a_hold_is_worth_is_kept_but_an_order_that_became_smaller_goes_by_its_share() -> None:
    with pytest.raises(HoldNotUsable):
        _decided_with("nothing", units=100, total=10_000)
    refused = run(shop(), *START, hold("2026-01-12T10:00", "h", 400, total=3_900))
    assert refused.last["refused"] == "PaymentNotAccepted:SHARE"
    placed = [*START, hold("2026-01-12T10:00", "h", 400, total=4_000)]
    smaller = run(shop(), *placed, capture("2026-01-12T10:05", "h", total=3_000))
    assert smaller.last["refused"] == "PaymentNotAccepted:SHARE"
    less = run(shop(), *placed, capture("2026-01-12T10:05", "h", units=300, total=3_000))
    assert less.last["payment"]["wallets"] == [{"wallet": "points", "units": 300, "worth": 1_500}]


def _decided_with(label: str, *, units: int, total: int) -> None:
    simulation = _lived(*START, hold("2026-01-12T10:00", "h", 400))
    bought = _read(capture("2026-01-12T10:05", "h", units=units, total=total))
    event = simulation._read_event(bought, simulation.members["ana"])
    assert event.purchase is not None
    assert event.purchase.payment is not None
    [part] = event.purchase.payment.parts
    payment = replace(event.purchase.payment, parts=(replace(part, hold=label),))
    purchase = replace(event.purchase, payment=payment)
    decide(simulation.programme, simulation.members["ana"], replace(event, purchase=purchase), now=event.at)


def test_the_promise_of_a_hold_outlives_the_terms_it_was_made_by() -> None:
    simulation = _lived(*START, hold("2026-01-12T10:00", "h", 400))
    simulation.programme = shop(wallet=PAID.replace("worth: 500", "worth: 100"))
    bought = _read(capture("2026-01-12T10:05", "h"))
    [row] = cast(list[Answer], list(simulation.event(bought)))
    assert row["payment"]["wallets"] == [{"wallet": "points", "units": 400, "worth": 2_000}]


def test_a_member_has_five_live_holds_of_two_hundred_lots_each_and_stays_below_64_kb() -> None:
    p, first = shop(), date(2026, 2, 1)
    every_lot = tuple(
        Lot(100, None, first + timedelta(days=day), first - timedelta(days=30 - day)) for day in range(1_001)
    )
    member = decide(p, new_member("m" * 32, "1"), _event("member.enrolled"), now=AT).member
    member = replace(member, wallets={"points": Wallet(lots=every_lot, earned=100_100)})
    with pytest.raises(HoldRefused, match="TOO_MANY_LOTS") as refused:
        _held(p, member, 1, 20_100)
    assert refused.value.most == 20_000
    for number in range(5):
        member = _held(p, member, number, 20_000)
    with pytest.raises(HoldRefused, match="TOO_MANY_HOLDS"):
        _held(p, member, 6, 100)
    assert _held(p, member, 4, 100).wallets["points"].held == 80_100  # replaced, not a sixth
    state = ledger_state.state_paths(member)
    assert sum(len(str(value)) + len(path) for path, value in state.items()) < 32_000
    restored = ledger_restore.restore_member(
        ledger_state.nest(state), id=member.id, number="1", profile=member.profile, seq=member.seq
    )
    assert restored.wallets == member.wallets
    assert member.wallets["points"].balance == 100_100


AT = datetime(2026, 1, 12, 10, tzinfo=UTC)


def _event(name: str, **data: object) -> Event:
    return Event(f"{name}{data}", name, AT, "app", data)  # type: ignore[arg-type]


def _held(p: Programme, member: Member, number: int, amount: int) -> Member:
    event = _event(
        "hold.placed", hold=f"h{number}-{amount}", wallet="points", amount=amount, order=str(number),
        total=10_000_000, minutes=60,
    )  # fmt: skip
    return decide(p, member, event, now=AT).member


def test_a_frozen_member_sets_nothing_aside_and_an_erased_one_has_nothing_held() -> None:
    simulation = _lived(*START, hold("2026-01-12T10:00", "h", 400))
    frozen = decide(shop(), simulation.members["ana"], _event("member.frozen"), now=AT).member
    with pytest.raises(Exception, match="frozen"):
        _held(shop(), frozen, 2, 100)
    erased = decide(shop(), frozen, _event("member.erased"), now=AT)
    wallet = erased.member.wallets["points"]
    assert (wallet.lots, dict(wallet.holds), wallet.balance) == ((), {}, 0)
    assert [(entry.kind, entry.amount) for entry in erased.row.entries] == [("ERASE", -800)]


def test_held_is_a_discount_in_the_books_and_comes_back_in_proportion() -> None:
    lines = [
        *START,
        hold("2026-01-12T10:00", "h", 400, total=4_001),
        capture("2026-01-12T10:05", "h", total=4_001),
    ]
    simulation = _lived(*lines, refund("2026-01-13T10:00", "r", 1_000))
    *_, bought, returned = simulation.rows["ana"]
    assert bought.event.purchase is not None
    assert returned.refunded is not None
    sale = sale_record(bought.event.purchase)
    assert [(part.kind, part.means, part.code, part.amount, part.units) for part in sale.parts] == [
        ("DISCOUNT", "WALLET", "points", 2_000, 400),
        ("PAYMENT", "TENDER", "other", 2_001, None),
    ]
    assert (sale.gross, sale.discounts, sale.payments) == (4_001, 2_000, 2_001)
    before, remaining = returned.refunded.before, returned.refunded.remaining
    back = refund_record(sale, total=4_001, before=before, remaining=remaining)
    assert [(part.kind, part.amount, part.units) for part in back.parts] == [
        ("DISCOUNT", -500, -100),
        ("PAYMENT", -500, None),
    ]
    assert [(entry.kind, entry.amount, entry.is_payment) for entry in returned.entries][:1] == [
        ("RETURN", 100, True)
    ]


def test_exported_rows_bring_the_same_holds_again() -> None:
    lines = [
        *START,
        hold("2026-01-12T10:00", "h", 400, fiscal="PAYMENT"),
        capture("2026-01-12T10:05", "h", units=300),
        hold("2026-01-12T11:00", "late", 200, order="o2"),
        hold("2026-01-12T11:01", "given-up", 100, order="o3", minutes=5_000),
        release("2026-01-13T10:00", "given-up"),
        capture("2026-01-13T11:00", "late", id="r2"),
    ]
    lived = _lived(*lines)
    told = [
        written
        for row in lived.rows["ana"]
        if (written := event_line("ana", row, heard_at=row.event.at)) is not None
    ]
    assert [one["name"] for one in told] == [one["name"] for one in lines]
    again = _lived(*told)
    assert again.members["ana"].wallets == lived.members["ana"].wallets
    *_, paid = [row for row in again.rows["ana"] if row.payments and row.event.id == "5"]
    assert paid.event.purchase is not None
    assert paid.event.purchase.payment == Payment(
        10_000, (WalletPayment("points", 300, 1_500, hold="h", fiscal="PAYMENT"),)
    )


@pytest.mark.parametrize("units", [0, -1, -100])
def test_a_capture_of_nothing_or_less_is_refused(units: int) -> None:
    member = _lived(*START, hold("2026-01-12T10:00", "h", 400)).members["ana"]
    [key] = member.wallets["points"].holds
    with pytest.raises(HoldNotUsable):
        payment_by(member, key, units)
