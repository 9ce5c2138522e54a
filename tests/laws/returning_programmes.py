"""Random programmes for the laws of returning: a choice of wallets, windows, rules, badges and a referral.

Each part is small and known by a name, so that a failing programme is told by the names of its parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from domain.model.programme import Programme, load

EXPIRIES = (
    "expiry: never",
    "expiry: {after: {months: 2}}",
    "expiry: {after: {months: 2}, by_tier: {gold: never}}",
    "expiry: {after: {months: 1}, renewed_by_activity: true}",
)
PENDING = ("", "pending: {days: 5}, ")
DEBTS = ("allow", "forgive")
PAYS = (
    "",
    "pay: {units: 1, worth: 20, share: 60}, ",
    "pay: {units: 5, worth: 8, minimum: 10, earns: true}, ",
)
WINDOWS = (
    "window: {rolling: {months: 12}}",
    "window: {rolling: {days: 45}}, grace: {days: 10}, downgrade: one_step",
    "window: calendar_year, downgrade: requalify",
    "window: {from_reaching: {months: 12}}",
    "window: {from_reaching: {days: 50}}, grace: {days: 5}, downgrade: requalify",
    "window: {rolling: {months: 3}}, downgrade: never",
)
YEARS = (0, 3)  # windows within which no history has a review
LADDERS = (
    ("count: {wallet: p}", "from: 60", "from: 150, keep: 120"),
    ("count: {on: purchase.completed, of: purchase.total / 100}", "from: 60", "from: 150, keep: 120"),
    (
        (
            "counts: {p: {wallet: p, title: P}, coins: {on: purchase.completed, of: {items: 'line.category =="
            ' "coins"\'}, title: C}, credit: {wallet: c, title: C}}'
        ),
        "from: {p: 60, coins: 4}",
        "from: {p: 150, credit: 700}, keep: {p: 120, credit: 500}",
    ),
    (
        (
            "counts: {total: {on: purchase.completed, of: purchase.total / 100, title: T}, p: {wallet: p,"
            " title: P}, visits: {on: purchase.completed, when: purchase.total >= 2000, title: V}}"
        ),
        "from: {total: 80, p: 90, visits: 3}",
        "from: {total: 190, p: 160}, keep: {total: 120, visits: 4}",
    ),
    ("count: {wallet: h}", "from: 50", "from: 110, keep: 90"),
)

PURCHASE_RULES: Mapping[str, str] = {
    "big": "when: purchase.total >= 5000, limit: {times: 2, per: month}, do: [{award: {wallet: p, fixed: 30}}, {voucher: gift1}]",
    "later": "after: {days: 3}, do: [{award: {wallet: p, fixed: 11}}, {voucher: gift2}]",
    "share": "after: {hours: 30}, when: purchase.total >= 2000, limit: {times: 3, per: week}, do: [{award: {wallet: p, amount: 1, per: 300, of: purchase.total, tiered: true}}, {tag: late}]",
    "floor": "when: purchase.total >= 8000, do: [{tier: gold, for: {days: 200}}]",
    "for_good": "when: purchase.total >= 9000, do: [{tier: silver}]",
    "fee": "when: purchase.total < 3000, do: [{deduct: {wallet: p, fixed: 4}}]",
    "share_fee": "when: purchase.total >= 2000, do: [{deduct: {wallet: p, of: purchase.total / 700}}, {deduct: {wallet: c, of: {lines: 'line.category == \"coins\"'}}}]",
    "fond": 'when: \'favourite(["coins", "gift"]) == "coins"\', do: [{award: {wallet: p, fixed: 16}}]',
    "hands": "when: purchase.total >= 6000, do: [{badge: hand}]",
    "bounded": "cap: {amount: 40, per: month}, do: [{award: {wallet: p, amount: 1, per: 200, of: purchase.total}}]",
    "twice": "when: purchase.total >= 3000, do: [{award: {wallet: p, times: 2, over: [base]}}]",
    "first": "when: purchase.first, do: [{award: {wallet: p, fixed: 13}}, {tag: begun}]",
    "coins": "best_of: promo, do: [{award: {wallet: p, amount: 1, per: 50, of: {lines: 'line.category == \"coins\"'}}}, {tag: coins}]",
    "large": "best_of: promo, when: purchase.total >= 6000, limit: {times: 1, per: week}, do: [{award: {wallet: p, fixed: 50}}, {voucher: gift1}]",
    "pool_a": "capped_by: pool, do: [{award: {wallet: p, amount: 1, per: 150, of: purchase.total}}]",
    "pool_b": "capped_by: pool, when: purchase.total >= 4000, do: [{award: {wallet: p, fixed: 25}}]",
    "credit": "do: [{award: {wallet: c, amount: 2, per: 100, of: purchase.total, tiered: true}}]",
    "third": "when: member.purchases.count % 3 == 2, do: [{award: {wallet: c, fixed: 300}}, {voucher: gift2}]",
    "poor": "when: member.balance.p < 50, do: [{award: {wallet: p, fixed: 8}}]",
    "golden": "when: 'member.tier == \"gold\"', do: [{award: {wallet: p, fixed: 17}}, {tag: golden}]",
    "inside": "when: '\"spender\" in member.segments', do: [{award: {wallet: p, fixed: 6}}]",
    "levelled": "when: '\"hand\" in member.badges && member.badges.hand >= 1', do: [{award: {wallet: c, fixed: 90}}]",
    "stars": "do: [{award: {wallet: h, amount: 1, per: 100, of: purchase.total}}]",
    "starred": "when: purchase.total >= 5000, do: [{award: {wallet: h, fixed: 12}}, {deduct: {wallet: h, of: purchase.total / 1500}}]",
    "bright": "when: member.balance.h >= 60, do: [{award: {wallet: p, fixed: 10}}, {voucher: gift2}]",
    "ever": "limit: {times: 1, per: ever}, do: [{award: {wallet: p, fixed: 19}}, {voucher: gift1}]",
}
RAISED_RULES: Mapping[str, str] = {
    "awarded": "on: points.awarded, limit: {times: 9, per: day}, when: event.data.amount >= 20, do: [{award: {wallet: p, fixed: 3}}, {tag: lucky}]",
    "awarded_later": "on: points.awarded, limit: {times: 9, per: day}, when: event.data.amount >= 40, after: {hours: 20}, do: [{award: {wallet: c, fixed: 15}}, {voucher: gift2}]",
    "levy": "on: points.awarded, limit: {times: 9, per: day}, when: event.data.amount >= 10, do: [{deduct: {wallet: c, of: event.data.amount * 2}}]",
    "up": "on: tier.changed, limit: {times: 9, per: day}, when: event.data.up, do: [{award: {wallet: p, fixed: 50}}, {voucher: gift3}]",
    "up_later": "on: tier.changed, when: event.data.up, limit: {times: 9, per: day}, after: {days: 2}, do: [{award: {wallet: p, fixed: 21}}, {tag: risen}]",
    "any_tier": 'on: tier.changed, limit: {times: 9, per: day}, when: \'!(event.data.reason in ["ended", "review"])\', do: [{award: {wallet: c, fixed: 40}}]',
    "earned": "on: badge.earned, limit: {times: 99, per: day}, do: [{award: {wallet: p, fixed: 9}}, {voucher: gift3}]",
    "earned_later": "on: badge.earned, limit: {times: 99, per: day}, after: {hours: 40}, do: [{award: {wallet: c, fixed: 35}}]",
    "unlocked": "on: reward.unlocked, limit: {times: 99, per: day}, do: [{award: {wallet: p, fixed: 2}}]",
    "entered": "on: segment.entered, limit: {times: 99, per: day}, do: [{award: {wallet: p, fixed: 5}}, {tag: vip}]",
    "entered_later": "on: segment.entered, limit: {times: 99, per: day}, when: 'event.data.segment != \"bare\"', after: {days: 1}, do: [{award: {wallet: p, fixed: 4}}]",
    "left": "on: segment.left, limit: {times: 99, per: day}, do: [{award: {wallet: p, fixed: 7}}]",
}
BADGES: Mapping[str, str] = {
    "cnt": "on: purchase.completed, levels: [1, 2, 4], do: [{award: {wallet: p, fixed: 7}}, {voucher: gift4}]",
    "amt": "on: purchase.completed, of: purchase.total, levels: [5000, 12000], do: [{award: {wallet: c, amount: 1, per: 100, of: purchase.total, tiered: true}}]",
    "coins": "on: purchase.completed, of: {items: 'line.category == \"coins\"'}, levels: [2, 5, 20], do: [{tag: collector}, {tier: silver, for: {days: 90}}]",
    "points": "on: points.awarded, of: event.data.amount, levels: [40, 200], do: [{voucher: gift4}]",
    "shine": "on: points.awarded, when: 'event.data.wallet == \"h\"', of: event.data.amount, levels: {every: 50}, do: [{award: {wallet: c, fixed: 20}}, {voucher: gift4}]",
    "risen": "on: tier.changed, when: event.data.up, levels: [1, 2], do: [{tag: risen}]",
    "steps": "on: badge.earned, when: 'event.data.badge == \"hand\"', levels: [1], do: [{award: {wallet: p, fixed: 5}}]",
    "card": "on: purchase.completed, of: {items: 'line.category == \"coins\"'}, levels: {every: 2}, do: [{voucher: gift4}, {award: {wallet: p, fixed: 6}}, {tag: regular, per_level: 3}, {award: {wallet: c, fixed: 45}, per_level: 2}]",
    "receipts": "on: purchase.completed, levels: {every: 2}, do: [{award: {wallet: c, amount: 1, per: 200, of: purchase.total}}, {tier: silver, for: {days: 60}, per_level: 2}]",
    "own": "on: purchase.completed, target: member.purchases.count + 1, during: {from: '2026-01-03'}, do: [{award: {wallet: p, fixed: 21}}, {voucher: gift4}]",
    "taken": "on: purchase.completed, of: purchase.total, levels: {every: 6000}, accept: true, do: [{award: {wallet: c, fixed: 70}}, {tag: taken}]",
    "runs": "on: purchase.completed, streak: {per: week}, levels: {every: 2}, do: [{voucher: gift4}]",
    "weekly": "on: purchase.completed, streak: {per: week}, levels: [2], do: [{award: {wallet: p, fixed: 12}}]",
}
OTHER_RULES: Mapping[str, str] = {
    "played": "on: game.played, do: [{award: {wallet: p, fixed: 25}}]",
    "prize": "on: game.played, when: event.data.score >= 50, do: [{voucher: gift5}, {tag: player}, {award: {wallet: c, fixed: 60}}]",
    "rank": "on: game.played, when: event.data.score >= 80, do: [{tier: silver, for: {days: 30}}]",
    "coded": "on: code.entered, when: 'event.data.code == \"SPRING\"', do: [{award: {wallet: p, fixed: 18}}, {voucher: gift5}, {tag: sprung}]",
    "berry": "on: code.entered, when: 'event.data.code != \"SPRING\"', do: [{award: {wallet: c, fixed: 55}}, {award: {wallet: h, fixed: 30}}, {tier: silver, for: {days: 40}}]",
}
REFERRALS = (
    "",
    "referral: {qualifies: {on: purchase.completed, when: member.purchases.total >= 4000}, wait: {days: 2}, friend: [{award: {wallet: p, fixed: 31}}, {voucher: gift3}], referrer: [{award: {wallet: p, fixed: 33}}, {tag: host}]}",
    "referral: {qualifies: {on: purchase.completed, when: purchase.total >= 3000}, wait: {hours: 20}, limit: {times: 1, per: month}, friend: [{award: {wallet: c, fixed: 31}}], referrer: [{voucher: gift3}, {tier: silver, for: {days: 60}}]}",
)
REFERRAL_RULE = "  - {code: hosted, title: H, on: referral.qualified, limit: {times: 9, per: day}, do: [{award: {wallet: p, fixed: 14}}, {tag: hosted}]}\n"

_HEAD = """
programme: {{code: laws, name: Laws, currency: EUR, timezone: UTC, locales: [en], ineligible: [gift]}}
wallets:
  - {{code: p, kind: points, name: P, {pay}{pending}{expiry}, debt: {debt}}}
  - {{code: c, kind: money, name: C, {credit_pending}expiry: never, debt: {credit_debt}}}
  - {{code: h, name: H, hidden: true, {credit_pending}expiry: never, debt: {debt}}}
codes: [{{code: SPRING, title: S}}, {{code: BERRY, title: B, limit: 1}}]
events: [{{name: game.played, title: G, data: {{score: int}}}}]
caps: [{{code: pool, amount: 60, per: week}}]
rules:
  - {{code: base, title: B, on: purchase.completed, do: [{{award: {{wallet: p, amount: 1, per: 100, of: purchase.eligible, tiered: true}}}}]}}
"""
_TAIL = """
tiers:
  {{{count}, {window}, ladder: [{{code: basic, name: B, from: 0}},
    {{code: silver, name: S, {silver}, multiplier: 1.5}}, {{code: gold, name: G, {gold}, multiplier: 2}}]}}
rewards:
  - {{code: mug, title: M, kind: product, cost: {{wallet: p, amount: 40}}}}
  - {{code: pen, title: P, kind: product, cost: {{wallet: c, amount: 50}}, limit: {{times: 2, per: month}}, when: member.purchases.count > 0}}
  - {{code: gift1, title: G, kind: product}}
  - {{code: gift2, title: G, kind: product, voucher: {{valid: {{days: 9}}}}}}
  - {{code: gift3, title: G, kind: product}}
  - {{code: gift4, title: G, kind: product}}
  - {{code: gift5, title: G, kind: product}}
segments:
  - {{code: spender, name: S, when: member.purchases.total >= 7000}}
  - {{code: rich, name: R, when: member.balance.p >= 45}}
  - {{code: bare, name: B, when: member.purchases.count == 0}}
"""


@dataclass(frozen=True)
class Shape:
    """A programme as the names and places of its parts."""

    purchase_rules: tuple[str, ...] = ()
    raised_rules: tuple[str, ...] = ()
    badges: tuple[str, ...] = ()
    referral: int = 0
    debt: int = 0
    credit_debt: int = 0
    pending: int = 0
    credit_pending: int = 0
    expiry: int = 0
    window: int = 0
    count: int = 0
    pay: int = 0


def random_shape(random: Random, *, is_exact: bool = False) -> Shape:
    """Return a programme of some of the parts; `is_exact` of those alone by which what other events give does
    not depend on purchases.
    """
    share = random.choice((0.15, 0.35, 0.6))

    def some(names: Mapping[str, str], share: float) -> tuple[str, ...]:
        return tuple(name for name in names if random.random() < share)

    expiry, window = random.choice((0, 0, 1, 2, 3)), random.randrange(len(WINDOWS))
    without = {"left"} if expiry else set[str]()  # what time takes is no purchase's doing
    if is_exact:
        expiry, window = 0, random.choice(YEARS)
        without = {*RAISED_RULES, "points", "shine", "risen"} - {"earned", "earned_later"}
    return Shape(
        some(PURCHASE_RULES, share / 2),
        tuple(name for name in some(RAISED_RULES, share) if name not in without),
        tuple(name for name in some(BADGES, share) if name not in without),
        random.choice((0, 0, 1, 2)),
        random.randrange(2),
        random.randrange(2),
        random.randrange(2),
        random.randrange(2),
        expiry,
        window,
        random.choice((0, 0, 1, 2, 3, 4)),
        random.randrange(len(PAYS)),
    )


@lru_cache(maxsize=64)
def shaped_programme(shape: Shape) -> Programme:
    """Load the programme of a shape."""
    text = _HEAD.format(
        pay=PAYS[shape.pay],
        pending=PENDING[shape.pending],
        expiry=EXPIRIES[shape.expiry],
        debt=DEBTS[shape.debt],
        credit_pending=PENDING[shape.credit_pending],
        credit_debt=DEBTS[shape.credit_debt],
    )
    rules = {name: f"on: purchase.completed, {PURCHASE_RULES[name]}" for name in shape.purchase_rules}
    rules |= {name: RAISED_RULES[name] for name in shape.raised_rules}
    for name, written in (rules | dict(OTHER_RULES)).items():
        text += f"  - {{code: {name}, title: R, {written}}}\n"
    text += REFERRAL_RULE if shape.referral else ""
    count, silver, gold = LADDERS[shape.count]
    text += _TAIL.format(count=count, silver=silver, gold=gold, window=WINDOWS[shape.window])
    text += "badges:\n  - {code: hand, name: H, on: survey.answered, levels: [5], do: [{tag: handy}]}\n"
    text += "  - {code: games, name: G, on: game.played, levels: [1, 3], do: [{voucher: gift5}]}\n"
    for name in shape.badges:
        text += f"  - {{code: {name}, name: B, {BADGES[name]}}}\n"
    return load(text + REFERRALS[shape.referral])
