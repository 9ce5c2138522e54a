"""What expressions see: only what is read is computed, failures are reported, a late event sees the tier of
its time.
"""

from datetime import UTC, datetime

from domain.model.conditions import ExpressionFailure
from domain.model.event_names import ENROLLED, PURCHASED
from domain.model.ledger.decide import decide
from domain.model.ledger.events import Event, Profile, Purchase
from domain.model.ledger.member import Member
from domain.model.ledger.views.field_reads import read_after, read_before
from tests.model.simulation_runs import PER_EURO, programme, rules

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
SEGMENTS = "segments: [{code: s, name: S, when: 'member.purchases.count > 3 && \"x\" in member.tags'}]"


def test_what_is_read_is_known_by_event() -> None:
    when = "member.purchases.total > 9 && event.at < now && member.birthday == null"
    odd = f"{{code: odd, title: O, on: purchase.completed, when: {when}, do: [{{tag: x}}]}}"
    p = programme(rules(PER_EURO, odd), SEGMENTS)
    before, after = read_before(p, PURCHASED), read_after(p, PURCHASED)
    assert (set(before.member), set(before.purchases)) == ({"purchases", "birthday"}, {"total"})
    assert (set(before.purchase), set(before.event), before.now) == ({"total"}, {"at"}, True)
    assert (set(after.member), set(after.purchases)) == ({"purchases", "tags"}, {"count"})
    assert (set(after.purchase), after.now) == (set(), False)
    assert not read_before(p, ENROLLED).member


def test_a_purchase_keeps_what_its_rules_saw_and_nothing_private() -> None:
    when = "member.birthday != null && member.purchases.count == 0"
    odd = (
        f"{{code: odd, title: O, on: purchase.completed, when: {when}, limit: {{times: 3, per: day}}, do:"
        " [{tag: x}]}"
    )
    p = programme(rules(PER_EURO, odd), SEGMENTS)
    member = decide(p, Member("m", "n"), Event("1", ENROLLED, NOON, profile=Profile("Ana")), now=NOON).member
    facts = decide(
        p, member, Event("2", PURCHASED, NOON, purchase=Purchase("r", 500, "EUR")), now=NOON
    ).row.facts
    assert facts.member == {"purchases": {"count": 0}}
    assert facts.rule_rooms == {"odd": (True, None)}
    assert facts.is_first_purchase is True


def test_what_failed_is_said_once_for_the_log() -> None:
    bad = (
        "{code: bad, title: B, on: purchase.completed, when: member.days_since_purchase + 1 > 0, do: [{tag:"
        " x}]}"
    )
    worse = bad.replace("code: bad", "code: worse")
    p = programme(rules(bad, worse))
    member = decide(p, Member("m", "n"), Event("1", ENROLLED, NOON, profile=Profile("Ana")), now=NOON).member
    row = decide(p, member, Event("2", PURCHASED, NOON, purchase=Purchase("r", 500, "EUR")), now=NOON).row
    assert [outcome.reason for outcome in row.outcomes] == ["when", "when"]
    assert row.failures == (ExpressionFailure("member.days_since_purchase + 1 > 0", "type"),)
