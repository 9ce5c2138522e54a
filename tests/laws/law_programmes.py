"""Programmes for the laws: one shape with every kind of rule, in variants of wallets, windows, grace and
downgrade.
"""

from __future__ import annotations

from functools import lru_cache

from domain.model.programme import Programme, load

WALLETS = (
    "{code: points, name: P, pay: {units: 2, worth: 25}, debt: allow}",
    (
        "{code: points, name: P, pay: {units: 2, worth: 25}, pending: {days: 14}, expiry: {after: {months: 2}, round: month}, debt:"
        " allow, remind: {days: 20}}"
    ),
    (
        "{code: points, name: P, pay: {units: 2, worth: 25}, pending: {hours: 30}, expiry: {after: {days: 40}, renewed_by_activity:"
        " true}, debt: forgive}"
    ),
    (
        "{code: points, name: P, pay: {units: 2, worth: 25}, expiry: {after: {days: 25}, by_tier: {silver: {days: 60}, gold: never}},"
        " debt: allow, remind: {days: 5}}"
    ),
    (
        "{code: points, name: P, pay: {units: 2, worth: 25}, pending: {days: 3}, expiry: {after: {months: 1}, renewed_by_activity: true,"
        " by_tier: {gold: {months: 3}}}}"
    ),
)
WINDOWS = (
    "window: {rolling: {days: 45}}, grace: {days: 10}, downgrade: one_step",
    "window: {rolling: {months: 2}}, downgrade: requalify",
    "window: calendar_year, grace: {days: 20}, downgrade: one_step",
    "window: {from_reaching: {days: 50}}, grace: {days: 5}, downgrade: requalify",
    "window: {from_reaching: {months: 1}}, downgrade: one_step",
    "window: {rolling: {months: 3}}, downgrade: never",
)
LADDERS = (
    ("count: {wallet: points}", "from: 150, keep: 100", "from: 500, keep: 400"),
    (
        "count: {on: purchase.completed, of: purchase.total / 100}",
        "from: 150, keep: 100",
        "from: 500, keep: 400",
    ),
    (
        (
            "counts: {points: {wallet: points, title: P}, spent: {on: purchase.completed, of: purchase.total /"
            " 100, title: S}, played: {on: game.played, of: event.data.score, title: G}}"
        ),
        "from: {points: 150, spent: 200, played: 90}, keep: {points: 100, played: 60, spent: 150}",
        "from: {points: 500, spent: 600}, keep: {points: 400, spent: 500}",
    ),
)
SHAPES = [
    (wallet, window, count)
    for wallet in range(len(WALLETS))
    for window in range(len(WINDOWS))
    for count in range(len(LADDERS))
]

_FILE = """
programme: {{code: laws, name: Laws, currency: EUR, timezone: Europe/Lisbon, locales: [en], ineligible: [gift]}}
wallets:
  - {wallet}
  - {{code: credit, name: C, kind: money, pay: {{earns: true, share: 70}}, pending: {{days: 2}}, expiry: {{after: {{days: 30}}}}, debt: forgive}}
events: [{{name: game.played, title: G, data: {{score: int}}}}]
rules:
  - {{code: base, title: B, on: purchase.completed, do: [{{award: {{wallet: points, amount: 3, per: 200, of: purchase.eligible, tiered: true}}}}]}}
  - code: coins
    title: C
    on: purchase.completed
    best_of: promo
    cap: {{amount: 60, per: week}}
    do: [{{award: {{wallet: points, amount: 1, per: 50, of: {{lines: 'line.category == "coins"'}}}}}}]
  - code: large
    title: L
    on: purchase.completed
    when: purchase.total >= 8000
    best_of: promo
    limit: {{times: 2, per: month}}
    do: [{{award: {{wallet: points, fixed: 40}}}}, {{award: {{wallet: credit, fixed: 100}}}}, {{tag: big}}]
  - {{code: double, title: D, on: purchase.completed, when: member.purchases.count % 3 == 2, do: [{{award: {{wallet: points, times: 1.5, over: [base]}}}}]}}
  - {{code: credit, title: K, on: purchase.completed, do: [{{award: {{wallet: credit, amount: 2, per: 100, of: purchase.total}}}}], variants: [{{code: two}}, {{code: more, weight: 2, do: [{{award: {{wallet: credit, amount: 3, per: 100, of: purchase.total}}}}, {{award: {{wallet: points, amount: 1, per: 900, of: purchase.total}}}}, {{deduct: {{wallet: credit, fixed: 1}}}}]}}]}}
  - {{code: born, title: N, on: purchase.completed, when: member.birthday != null, holdout: 30, do: [{{award: {{wallet: points, amount: 1, per: 1000, of: purchase.total}}}}]}}
  - {{code: later, title: A, on: purchase.completed, after: {{days: 2}}, when: member.balance.points < 300, do: [{{award: {{wallet: points, fixed: 6}}}}]}}
  - {{code: played, title: P, on: game.played, limit: {{times: 2, per: week}}, qualifying: false, do: [{{award: {{wallet: points, amount: 1, of: event.data.score}}}}, {{untag: big}}]}}
  - {{code: fee, title: F, on: game.played, when: event.data.score > 40, do: [{{deduct: {{wallet: points, fixed: 15}}}}, {{deduct: {{wallet: credit, of: event.data.score / 3}}}}]}}
  - {{code: levy, title: Y, on: purchase.completed, when: 'favourite(["coins", "gift"]) == "coins"', do: [{{deduct: {{wallet: credit, of: purchase.total / 400}}}}]}}
  - {{code: up, title: U, on: tier.changed, when: event.data.up, limit: {{times: 3, per: year}}, do: [{{award: {{wallet: points, fixed: 9}}}}, {{voucher: gift}}]}}
  - {{code: gone, title: G, on: points.expired, limit: {{times: 1, per: month}}, do: [{{award: {{wallet: credit, fixed: 5}}}}]}}
  - {{code: vip, title: V, on: badge.earned, when: event.data.level == 2, do: [{{tier: silver, for: {{days: 12}}}}]}}
  - {{code: monday, title: M, on: schedule, at: "0 9 * * mon", for: busy, do: [{{award: {{wallet: credit, fixed: 3}}}}]}}
  - {{code: sun, title: S, on: code.entered, when: 'event.data.code == "SUN10"', do: [{{award: {{wallet: points, fixed: 21}}}}, {{voucher: gift}}]}}
  - {{code: pack, title: K, on: code.entered, when: event.data.batch != null, limit: {{times: 2, per: month}}, do: [{{award: {{wallet: credit, fixed: 7}}}}]}}
  - {{code: sunny, title: Y, on: purchase.completed, when: 'member.code == "SUN10"', cap: {{amount: 30, per: month}}, do: [{{award: {{wallet: points, amount: 1, per: 700, of: purchase.total}}}}]}}
codes:
  - {{code: SUN10, title: S, limit: 2}}
  - {{code: RAIN, title: R, during: {{weekdays: [mon, tue, wed, thu]}}}}
  - {{batch: packs, title: P, limit: 6}}
tiers:
  {{{count}, {window}, ladder: [{{code: basic, name: B, from: 0}},
    {{code: silver, name: S, {silver}, multiplier: 1.25}}, {{code: gold, name: G, {gold}, multiplier: 1.5}}]}}
badges:
  - {{code: collector, name: C, on: purchase.completed, of: {{items: 'line.category == "coins"'}}, levels: [2, 5, 20], do: [{{award: {{wallet: points, fixed: 4, tiered: true}}}}]}}
  - {{code: weekly, name: W, on: purchase.completed, streak: {{per: week}}, levels: [3]}}
  - {{code: card, name: S, on: purchase.completed, of: {{items: 'line.category == "stamps"'}}, levels: {{every: 3}}, do: [{{award: {{wallet: credit, fixed: 7}}}}, {{voucher: gift, per_level: 2}}]}}
  - {{code: own, name: O, on: purchase.completed, target: member.purchases.count + member.balance.points / 50 + 2, during: {{from: "2026-10-05"}}, do: [{{award: {{wallet: points, fixed: 8}}}}, {{tag: proud}}]}}
rewards:
  - {{code: mug, title: M, kind: product, cost: {{wallet: points, amount: 130}}, voucher: {{valid: {{days: 9}}}}, return_grace: {{days: 4}}, variants: [{{code: full}}, {{code: less, cost: {{wallet: points, amount: 90}}}}]}}
  - {{code: pen, title: P, kind: product, cost: {{wallet: points, amount: 20}}, limit: {{times: 2, per: month}}, when: member.days_since_purchase < 20}}
  - {{code: coupon, title: C, kind: product, cost: {{wallet: credit, amount: 50}}, tiers: [silver, gold], voucher: {{valid: {{hours: 40}}}}}}
  - {{code: gift, title: G, kind: product, voucher: {{valid: {{days: 7}}}}}}
segments:
  - {{code: busy, name: B, when: member.purchases.count >= 3 && member.days_since_purchase < 10}}
  - {{code: rich, name: R, when: member.balance.points >= 100}}
referral: {{qualifies: {{on: purchase.completed, when: member.purchases.total >= 4000}}, friend: [{{award: {{wallet: points, fixed: 11}}}}], referrer: [{{award: {{wallet: points, fixed: 33}}}}], limit: {{times: 1, per: month}}}}
plans: [{{code: plus, name: P, price: 100, period: {{months: 1}}, multiplier: 1.75}}]
consents: [{{purpose: news, title: N, wording: W}}]
"""


@lru_cache
def law_programme(wallet: int, window: int, count: int) -> Programme:
    """Load the variant of these choices."""
    return load(law_text(wallet, window, count))


def law_text(wallet: int, window: int, count: int) -> str:
    """Return the text of the variant of these choices."""
    written, silver, gold = LADDERS[count]
    return _FILE.format(
        wallet=WALLETS[wallet], window=WINDOWS[window], count=written, silver=silver, gold=gold
    )
