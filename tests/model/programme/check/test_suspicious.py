"""A valid programme that is probably a mistake gives a warning with the figure; an intended one gives none."""

import pytest

from domain.model.programme import load_with_warnings

HEAD = """programme: {code: club, name: Club, currency: CURRENCY, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points}, {code: credit, name: Credit, kind: money}]
"""


def warned(text: str, *, currency: str = "EUR") -> list[str]:
    """The warnings about what a file says below its head, but for those about names and texts."""
    warnings = load_with_warnings(HEAD.replace("CURRENCY", currency) + text).warnings
    return [
        f"{each.path}: {each.message} -> {each.remedy}"
        for each in warnings
        if not each.path.endswith(("name", "title", "lock"))
    ]


def rule(award: str, when: str = "true") -> str:
    return (
        f"rules: [{{code: r, title: R, on: purchase.completed, when: '{when}', do: [{{award: {award}}}]}}]\n"
    )


def reward(more: str) -> str:
    return f"rewards: [{{code: r, title: R, cost: {{wallet: points, amount: 5}}, {more}}}]\n"


def tiers(count: str, rung: str) -> str:
    return f"tiers: {{count: {count}, window: calendar_year, ladder: [{{code: a, from: 0}}, {rung}]}}\n"


FIXED = "{wallet: points, fixed: 5}"
SLIPS = {
    "a point for every cent": (
        rule("{wallet: points, amount: 1, of: purchase.eligible}"),
        "rules[0].do[0].award.per: 1 for each 0.01 EUR that is paid -> write per: 100 for each 1.00 EUR",
    ),
    "five times the price as cashback": (
        rule("{wallet: credit, amount: 5, of: {lines: line.quantity > 1}}"),
        "rules[0].do[0].award.per: it gives back all that is paid, or more -> write per: 100 for 5 percent",
    ),
    "a condition in whole euros": (
        rule(FIXED, "purchase.total >= 25"),
        "rules[0].when: purchase.total is in minor units: 25 is 0.25 EUR -> write 2500 for 25.00 EUR",
    ),
    "a condition with decimals": (
        rule(FIXED, "purchase.eligible >= 250.00"),
        "rules[0].when: purchase.eligible is in minor units: 250.00 is 2.50 EUR -> write 25000 for 250.00 EUR",
    ),
    "a condition with one decimal, the other way round": (
        rule(FIXED, "25.5 <= member.purchases.average && member.purchases.count > 2"),
        (
            "rules[0].when: member.purchases.average is in minor units: 25.5 is 0.26 EUR -> write 2550 for"
            " 25.50 EUR"
        ),
    ),
    "a gift in whole euros": (
        rule("{wallet: credit, fixed: 5}"),
        "rules[0].do[0].award.fixed: this is in minor units: 5 is 0.05 EUR -> write 500 for 5.00 EUR",
    ),
    "a deduction in whole euros": (
        "rules: [{code: r, title: R, on: purchase.completed, do: [{deduct: {wallet: credit, fixed: 5}}]}]\n",
        "rules[0].do[0].deduct.fixed: this is in minor units: 5 is 0.05 EUR -> write 500 for 5.00 EUR",
    ),
    "a cost in whole euros": (
        "rewards: [{code: r, title: R, cost: {wallet: credit, amount: 20}}]\n",
        "rewards[0].cost.amount: this is in minor units: 20 is 0.20 EUR -> write 2000 for 20.00 EUR",
    ),
    "a cap of cashback in whole euros": (
        rule("{wallet: credit, amount: 5, per: 100, of: purchase.total}").replace(
            "do:", "cap: {amount: 50, per: month}, do:"
        ),
        "rules[0].cap.amount: this is in minor units: 50 is 0.50 EUR -> write 5000 for 50.00 EUR",
    ),
    "a shared cap of cashback in whole euros": (
        "caps: [{code: c, amount: 50, per: month}]\n"
        + rule("{wallet: credit, amount: 5, per: 100, of: purchase.total}").replace(
            "do:", "capped_by: c, do:"
        ),
        "caps[0].amount: this is in minor units: 50 is 0.50 EUR -> write 5000 for 50.00 EUR",
    ),
    "a tier by money in whole euros": (
        tiers("{on: purchase.completed, of: purchase.total}", "{code: b, from: 50}"),
        "tiers.ladder[1].from: this is in minor units: 50 is 0.50 EUR -> write 5000 for 50.00 EUR",
    ),
    "a tier that is kept by money in whole euros": (
        tiers("{wallet: credit}", "{code: b, from: 50000, keep: 50}"),
        "tiers.ladder[1].keep: this is in minor units: 50 is 0.50 EUR -> write 5000 for 50.00 EUR",
    ),
    "a discount in whole euros": (
        reward("kind: discount_amount, value: {amount: 5}"),
        "rewards[0].value.amount: this is in minor units: 5 is 0.05 EUR -> write 500 for 5.00 EUR",
    ),
    "a price in whole euros": (
        "plans: [{code: p, name: P, price: 49, period: {months: 12}}]\n",
        "plans[0].price: this is in minor units: 49 is 0.49 EUR -> write 4900 for 49.00 EUR",
    ),
    "a percentage as a multiplier": (
        (
            "tiers: {count: {wallet: points}, window: calendar_year, ladder: [{code: a, from: 0}, {code: b,"
            " from: 9, multiplier: 125}]}\n"
        ),
        "tiers.ladder[1].multiplier: b gets 125 times the award -> write 1.25 for a quarter more",
    ),
    "a list compared with a text": (
        rule(FIXED, 'member.tags == "vip"'),
        'rules[0].when: member.tags holds several, and is never one text -> write "vip" in member.tags',
    ),
    "a number compared with a text": (
        rule(FIXED, 'member.referrals == "3"'),
        "rules[0].when: member.referrals is a whole number, and never a text -> write 3 without quotes",
    ),
    "a tag that nothing puts": (
        rule(FIXED, '"vip" in member.tags'),
        "rules[0].when: no rule puts the tag vip on a member -> add a rule that does tag: vip",
    ),
}


@pytest.mark.parametrize(("text", "warning"), SLIPS.values(), ids=SLIPS)
def test_a_probable_slip_is_one_warning(text: str, warning: str) -> None:
    assert warned(text) == [warning]


MEANT = {
    "a point for every euro": rule("{wallet: points, amount: 1, per: 100, of: purchase.eligible}"),
    "a point for every piece": rule("{wallet: points, amount: 1, of: {items: line.quantity > 1}}"),
    "any purchase of money": rule(FIXED, "purchase.total > 0 && member.purchases.count >= 25"),
    "more than nothing": rule(FIXED, "purchase.total > 0.0"),
    "half more than usual": rule(
        FIXED,
        "member.purchases.average > 0 && double(purchase.total) / double(member.purchases.average) >= 1.5",
    ),
    "euros that are counted out": rule(FIXED, "purchase.total >= 25 * 100 && 100 * 25 <= purchase.eligible"),
    "a visit in five": rule(FIXED, "member.purchases.count >= 5 && purchase.total % 100 == 50"),
    "half a euro as a gift": rule("{wallet: credit, fixed: 50}"),
    "five euros as a gift": rule("{wallet: credit, fixed: 500}"),
    "a cap of points": rule("{wallet: points, amount: 1, per: 100, of: purchase.total}").replace(
        "do:", "cap: {amount: 50, per: month}, do:"
    ),
    "a cap of points and money": rule(
        "{wallet: points, fixed: 1}}, {award: {wallet: credit, fixed: 500}"
    ).replace("do:", "cap: {amount: 50, per: month}, do:"),
    "a tier by visits": tiers("{on: purchase.completed}", "{code: b, from: 5}"),
    "a tier by points": tiers("{wallet: points}", "{code: b, from: 50, keep: 20}"),
    "a tier by whole euros": tiers(
        "{on: purchase.completed, of: purchase.total / 100}", "{code: b, from: 50}"
    ),
    "five euros off": reward("kind: discount_amount, value: {amount: 500}"),
    "a free plan": "plans: [{code: p, name: P, price: 0, period: {months: 12}}]\n",
}


@pytest.mark.parametrize("text", MEANT.values(), ids=MEANT)
def test_what_is_meant_is_no_warning(text: str) -> None:
    assert warned(text) == []


def test_what_a_whole_unit_is_depends_on_the_currency() -> None:
    text = reward("kind: discount_amount, value: {amount: 500}")
    assert warned(text, currency="JPY") == []
    assert warned(rule(FIXED, "purchase.total >= 250.00"), currency="JPY") == []
    assert warned(text, currency="KWD") == [
        "rewards[0].value.amount: this is in minor units: 500 is 0.500 KWD -> write 500000 for 500.000 KWD"
    ]


def test_counts_by_name_and_payments_of_money_are_in_minor_units_too() -> None:
    text = (
        "tiers: {counts: {spent: {on: purchase.completed, of: purchase.total, kind: money, title: S}, visits: {on:"
        " purchase.completed, title: V}}, window: calendar_year, ladder: [{code: a, from: 0}, {code: b, from: {spent: 50,"
        " visits: 5}}]}\n"
    )
    assert warned(text) == [
        "tiers.ladder[1].from.spent: this is in minor units: 50 is 0.50 EUR -> write 5000 for 50.00 EUR"
    ]
    paid = HEAD.replace("CURRENCY", "EUR").replace("kind: money", "kind: money, pay: {minimum: 10}")
    assert [str(each) for each in load_with_warnings(paid).warnings if "pay" in each.path] == [
        "line 2: wallets[1].pay.minimum: this is in minor units: 10 is 0.10 EUR -> write 1000 for 10.00 EUR"
    ]
