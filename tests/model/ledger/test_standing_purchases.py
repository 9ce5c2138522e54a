"""What counts as bought once purchases are returned: receipts above a minimum, counts, averages, the first."""

from tests.model.simulation_runs import Line, buy, enrol, figures, programme, refund, rules, run


def test_receipts_above_a_minimum_are_those_that_still_reach_it() -> None:
    badge = (
        "badges: [{code: big, name: B, on: purchase.completed, when: purchase.total >= 2000, levels: [1, 2]}]"
    )
    lines = enrol(), buy("2026-01-10T10:00", 2_500, id="r"), buy("2026-01-11T10:00", 2_000, id="s")

    def big(*more: Line) -> object:
        return run(programme(badge), *lines, *more).ana["badges"]["big"]

    assert big() == {"level": 2, "progress": 2}
    assert big(refund("2026-01-12T10:00", "r", 500)) == {"level": 2, "progress": 2}
    assert big(refund("2026-01-12T10:00", "r", 501)) == {"level": 1, "progress": 1}
    parts = refund("2026-01-12T10:00", "r", 500), refund("2026-01-12T11:00", "r", 1)
    assert big(*parts) == {"level": 1, "progress": 1}
    assert big(*parts, refund("2026-01-13T10:00", "r")) == {"level": 1, "progress": 1}
    assert big(*parts, refund("2026-01-13T10:00", "r"), refund("2026-01-13T10:00", "s"))["progress"] == 0  # type: ignore[index]
    after = refund("2026-01-12T10:00", "r"), buy("2026-01-13T10:00", 2_000)
    assert big(*after) == {"level": 2, "progress": 2}


def test_count_and_average_are_of_the_receipts_that_stand() -> None:
    segments = (
        "segments: [{code: two, name: T, when: member.purchases.count == 2}, {code: high, name: H,"
        " when: member.purchases.average == 4000}, {code: none, name: N, when: member.purchases.average == 0}]"
    )
    p, lines = (
        programme(segments),
        (enrol(), buy("2026-01-10T10:00", 5_000), buy("2026-01-11T10:00", 1_000, id="r")),
    )
    assert run(p, *lines).ana["segments"] == ["two"]
    part = refund("2026-01-12T10:00", "r", 500)
    assert run(p, *lines, part).ana["segments"] == ["two"]
    whole = refund("2026-01-13T10:00", "r")
    again = buy("2026-01-14T10:00", 3_000)
    assert run(p, *lines, part, whole).ana["segments"] == []
    assert run(p, *lines, part, whole, again).ana["segments"] == ["high", "two"]
    assert run(p, *lines[::2], whole).ana["segments"] == ["none"]


def test_a_purchase_of_0_that_is_returned_is_no_receipt() -> None:
    two = "segments: [{code: any, name: A, when: member.purchases.count > 0}]"
    lines = enrol(), buy("2026-01-10T10:00", 0, ("gift", 2, 0), id="r")
    half = refund("2026-01-11T10:00", "r", lines=[(1, 1)])
    assert run(programme(two), *lines, half).ana["segments"] == ["any"]
    assert run(programme(two), *lines, half, refund("2026-01-12T10:00", "r")).ana["segments"] == []
    other_half = refund("2026-01-12T10:00", "r", lines=[(1, 1)])
    assert run(programme(two), *lines, half, other_half).ana["segments"] == []


def test_a_purchase_is_the_first_where_no_other_receipt_stands() -> None:
    hello = (
        "{code: hello, title: H, on: purchase.completed, when: purchase.first, do: [{award: {wallet: points,"
        " fixed: 7}}]}"
    )
    p = programme(rules(hello))
    lines = enrol(), buy("2026-01-10T10:00", 1_000, id="r")
    part = run(p, *lines, refund("2026-01-11T10:00", "r", 999), buy("2026-01-12T10:00", 1_000))
    assert part.entries() == [("AWARD", 7)]
    whole = run(
        p, *lines, refund("2026-01-11T10:00", "r"), buy("2026-01-12T10:00", 1_000), buy("2026-01-13T10:00", 1)
    )
    assert whole.entries() == [("AWARD", 7), ("CLAWBACK", -7), ("AWARD", 7)]
    assert figures(whole.ana)["available"] == 7
