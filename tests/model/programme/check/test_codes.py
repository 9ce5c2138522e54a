"""Codes: each unknown or duplicate one in an otherwise valid file is one fault, at its line and path."""

import pytest

from tests.model.programme.mistakes import Mistake

BAD = (
    Mistake(
        "unknown event",
        "on: badge.earned",
        "on: badge.erned",
        67,
        "rules[5].on",
        "there is no event badge.erned",
    ),
    Mistake(
        "unknown wallet in an award",
        "{wallet: points, fixed: 40}",
        "{wallet: pints, fixed: 40}",
        89,
        "badges[0].do[0].award.wallet",
        "there is no wallet pints",
    ),
    Mistake(
        "unknown wallet in a cost",
        "cost: {wallet: points",
        "cost: {wallet: pints",
        99,
        "rewards[0].cost.wallet",
        "there is no wallet pints",
    ),
    Mistake(
        "unknown wallet that tiers count",
        "  count: {wallet: points}\n  window",
        "  count: {wallet: cash}\n  window",
        70,
        "tiers.count.wallet",
        "there is no wallet cash",
    ),
    Mistake(
        "unknown tier in a reward",
        "tiers: [silver, gold]",
        "tiers: [silver, goldd]",
        100,
        "rewards[0].tiers",
        "there is no tier goldd",
    ),
    Mistake(
        "unknown tier in early access",
        "early_access: {gold:",
        "early_access: {golden:",
        103,
        "rewards[0].early_access.golden",
        "there is no tier golden",
    ),
    Mistake(
        "unknown tier in expiry",
        "silver: {months: 24}",
        "platinum: {months: 24}",
        15,
        "wallets[0].expiry.by_tier.platinum",
        "there is no tier platinum",
    ),
    Mistake(
        "unknown event that renews",
        "renewed_by_activity: true",
        "renewed_by: [purchase.complete]",
        15,
        "wallets[0].expiry.renewed_by",
        "there is no event purchase.complete",
    ),
    Mistake(
        "an event that renews and that members do not do",
        "renewed_by_activity: true",
        "renewed_by: [purchase.completed, points.awarded]",
        15,
        "wallets[0].expiry.renewed_by",
        "points.awarded is nothing that members do",
    ),
    Mistake(
        "unknown tier given",
        "{tier: gold,",
        "{tier: gild,",
        60,
        "rules[3].do[8].tier",
        "there is no tier gild",
    ),
    Mistake(
        "unknown reward given",
        "voucher: gift",
        "voucher: gft",
        53,
        "rules[3].do[1].voucher",
        "there is no reward gft",
    ),
    Mistake(
        "unknown badge given",
        "- badge: visitor",
        "- badge: visitr",
        54,
        "rules[3].do[2].badge",
        "there is no badge visitr",
    ),
    Mistake(
        "unknown message",
        "message: earned",
        "message: earnd",
        68,
        "rules[5].do[0].message",
        "there is no message earnd",
    ),
    Mistake(
        "unknown survey",
        "survey: happy",
        "survey: sad",
        59,
        "rules[3].do[7].survey",
        "there is no survey sad",
    ),
    Mistake(
        "unknown segment", "for: regulars", "for: regular", 64, "rules[4].for", "there is no segment regular"
    ),
    Mistake(
        "unknown rule multiplied",
        "over: [base]",
        "over: [bass]",
        39,
        "rules[1].do[0].award.over",
        "there is no rule bass",
    ),
    Mistake(
        "rule that multiplies itself",
        "over: [base]",
        "over: [coins]",
        39,
        "rules[1].do[0].award.over",
        "a rule cannot multiply itself",
    ),
    Mistake(
        "unknown consent",
        'purpose: marketing, title: "H',
        'purpose: marketng, title: "H',
        120,
        "messages[0].purpose",
        "there is no consent marketng",
    ),
    Mistake(
        "unknown wallet indexed",
        "member.purchases.total >= 3000",
        "member.balance.pints >= 3000",
        113,
        "referral.qualifies.when",
        "member.balance is compared with pints: there is no such wallet",
    ),
    Mistake(
        "code given twice",
        "code: monday",
        "code: base",
        61,
        "rules[4].code",
        "base is given already to rules[0]",
    ),
    Mistake(
        "event that is built in",
        "events:\n",
        "events:\n  - {name: purchase.completed, title: Bought}\n",
        21,
        "events[0].name",
        "purchase.completed is a built-in event",
    ),
)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_one_slip_is_one_fault_at_its_line_and_path(bad: Mistake) -> None:
    bad.assert_found()
