"""What was bought of each category: amounts, quantities and favourites, of the receipts that stand."""

from datetime import UTC, datetime

import pytest

from domain.model.conditions import Expression
from domain.model.event_names import ENROLLED, PURCHASED, REFUNDED
from domain.model.ledger.categories import favourite
from domain.model.ledger.decide import decide
from domain.model.ledger.deciding.returns.refund_lines import returned
from domain.model.ledger.events import Event, Facts, JournaledPurchase, Line, Profile, Purchase, Refund
from domain.model.ledger.member import CategoryTotal, Member
from domain.model.ledger.state.ledger_restore import restore_member
from domain.model.ledger.state.ledger_state import flatten, nest, state_paths
from domain.model.ledger.views.field_reads import read_after
from domain.model.values import evolve
from tests.model.simulation_runs import Line as RunLine
from tests.model.simulation_runs import buy, enrol, programme, refund, run

DRINKS = """segments:
  - {code: latte, name: L, when: 'favourite(["latte", "tea"]) == "latte"'}
  - {code: tea, name: T, when: 'member.favourite(["latte", "tea"]) == "tea"'}
  - {code: none, name: N, when: 'favourite(["latte", "tea"]) == null'}
  - {code: cake, name: C, when: 'favourite(["latte", "tea", "cake"]) == "cake"'}
"""
NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


def favourites(*lines: RunLine) -> object:
    return run(programme(DRINKS), enrol(), *lines).ana["segments"]


def test_the_favourite_is_bought_most_by_quantity_not_by_amount() -> None:
    latte = buy("2026-01-10T10:00", 900, ("latte", 3, 900), id="r")
    assert favourites() == ["none"]
    assert favourites(latte) == ["latte"]
    assert favourites(latte, buy("2026-01-11T10:00", 2_000, ("tea", 2, 2_000))) == ["latte"]
    assert favourites(latte, buy("2026-01-11T10:00", 100, ("tea", 4, 100))) == ["tea"]
    assert favourites(latte, buy("2026-01-11T10:00", 400, ("cake", 4, 400))) == ["cake", "latte"]


def test_of_two_that_are_even_it_is_the_latest() -> None:
    latte, tea = (
        buy("2026-01-10T10:00", 300, ("latte", 2, 300)),
        buy("2026-01-11T10:00", 300, ("tea", 2, 300)),
    )
    assert favourites(latte, tea) == ["tea"]
    assert favourites(tea | {"at": "2026-01-09T10:00:00Z"}, latte) == ["latte"]
    assert favourite({"a": CategoryTotal(1, 2, NOON), "b": CategoryTotal(9, 2, NOON)}, ("b", "a")) == "b"
    assert favourite({"a": CategoryTotal(1, 2, NOON), "b": CategoryTotal(9, 2, NOON)}, ("a", "b")) == "a"


def test_a_refund_takes_quantities_off() -> None:
    latte = buy("2026-01-10T10:00", 900, ("latte", 3, 900), id="r")
    tea = buy("2026-01-11T10:00", 300, ("tea", 2, 300), id="s")
    assert favourites(latte, tea, refund("2026-01-12T10:00", "r", lines=[(1, 1)])) == ["tea"]
    assert favourites(latte, tea, refund("2026-01-12T10:00", "r", 300)) == ["latte"]
    assert favourites(latte, tea, refund("2026-01-12T10:00", "r", 900)) == ["tea"]
    both = refund("2026-01-12T10:00", "r"), refund("2026-01-12T11:00", "s")
    assert favourites(latte, tea, *both) == ["none"]


def test_free_lines_of_a_receipt_that_is_wholly_returned_are_taken_off_too() -> None:
    free = buy("2026-01-10T10:00", 300, ("latte", 1, 300), ("tea", 5, 0), id="r")
    assert favourites(free) == ["tea"]
    assert favourites(free, refund("2026-01-11T10:00", "r", 100)) == ["tea"]
    assert favourites(free, refund("2026-01-11T10:00", "r", 300)) == ["none"]


@pytest.mark.parametrize(
    ("when", "sees"),
    [
        ("member.purchases.quantities.latte == 5 && member.purchases.categories.latte == 600", True),
        ("member.purchases.quantities['tea'] == 0 && member.purchases.categories['tea'] == 0", True),
        ("member.purchases.quantities.cake == 0", False),
        ("'cake' in member.purchases.quantities", False),
        ("member.purchases.count == 2 && member.purchases.total == 600", True),
    ],
)
def test_counts_totals_and_quantities_are_of_the_receipts_that_stand(when: str, sees: bool) -> None:
    segment = f'segments: [{{code: seen, name: S, when: "{when}"}}]'
    lines = (
        enrol(),
        buy("2026-01-10T10:00", 600, ("latte", 3, 300), ("latte", 3, 300), id="r"),
        buy("2026-01-11T10:00", 400, ("tea", 4, 400), id="s"),
        buy("2026-01-12T10:00", 200, ("latte", 1, 200)),
        refund("2026-01-13T10:00", "r", lines=[(2, 2)]),
        refund("2026-01-13T10:00", "s"),
    )
    assert run(programme(segment), *lines).ana["segments"] == (["seen"] if sees else [])


def test_a_rule_keeps_the_favourite_alone_with_its_purchase_and_is_decided_again_by_it() -> None:
    rule = (
        'rules:\n  - {code: one, title: One, on: purchase.completed, when: \'favourite(["latte"]) == "latte"\','
        " do: [{award: {wallet: points, fixed: 9}}]}"
    )
    p = programme(rule)
    first = buy("2026-01-10T10:00", 300, ("latte", 1, 300), id="r")
    second = buy("2026-01-11T10:00", 500, ("tea", 1, 500), id="s")
    after = run(
        p, enrol(), first, second, refund("2026-01-12T10:00", "r"), refund("2026-01-12T11:00", "s", 200)
    )
    assert after.outcomes("one")[:2] == [(False, 0, "when"), (True, 9, None)]
    assert after.ana["wallets"]["points"]["available"] == 9
    member = decide(p, Member("m", "n"), Event("1", ENROLLED, NOON, profile=Profile("Ana")), now=NOON).member
    row = decide(p, member, Event("2", PURCHASED, NOON, purchase=bought("latte")), now=NOON).row
    assert row.facts.member == {"favourite": {'["latte"]': None}}


def bought(category: str, quantity: int = 2) -> Purchase:
    return Purchase("r", 500, "EUR", lines=(Line(1, "s", 500, quantity, None, category),))


def test_nothing_is_read_of_a_favourite_where_none_is_asked_for() -> None:
    assert not read_after(
        programme("segments: [{code: s, name: S, when: 'size(member.tags) > 0'}]"), PURCHASED
    ).favourites
    assert read_after(programme(DRINKS), PURCHASED).favourites[0] == (
        '["latte", "tea", "cake"]',
        ("latte", "tea", "cake"),
    )
    names = Expression('event.data.favourite == "x"').names
    assert names == {"event.data.favourite"}


def test_what_an_earlier_version_counted_by_amount_alone_is_not_taken_off_by_quantity() -> None:
    p = programme()
    old = decide(p, Member("m", "n"), Event("1", ENROLLED, NOON, profile=Profile("Ana")), now=NOON).member
    state = state_paths(evolve(old, seq=7)) | {"purchases.categories": [["latte", 500]], "purchases.count": 1}
    member = restore_member(nest(state), id="m", number="n", profile=Profile("Ana"), seq=7)
    assert state_paths(member) == state
    member = decide(p, member, Event("2", PURCHASED, NOON, purchase=bought("latte", 3)), now=NOON).member
    assert member.purchases.categories == {"latte": CategoryTotal(1_000, 3, NOON)}
    assert member.purchases.quantities_since_seq == 8
    for seq, quantity, before in ((7, 3, bought("latte", 5)), (8, 0, bought("latte", 3))):
        journaled = JournaledPurchase(before, NOON, "k", "till", 1, Facts(), seq=seq)
        whole = returned(before)
        event = Event("3", REFUNDED, NOON, purchase=whole, refund=Refund(journaled, before, whole))
        after = decide(p, member, event, now=NOON).member
        assert after.purchases.categories == {"latte": CategoryTotal(500, quantity, NOON)}
    assert flatten(nest(state_paths(member)))["purchases.categories"] == [["latte", 1_000, 3, NOON]]
