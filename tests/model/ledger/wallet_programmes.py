"""Parts of a programme for the tests of wallets."""

MUG = "rewards: [{code: mug, title: Mug, kind: product, cost: {wallet: points, amount: 100}}]"
MUG_WITH_GRACE = (
    "rewards: [{code: mug, title: Mug, kind: product, cost: {wallet: points, amount: 100}, return_grace:"
    " {days: 7}}]"
)


def points_wallet(keys: str) -> str:
    return f"wallets: [{{code: points, name: Points, {keys}}}]"


RENEWED = "expiry: {after: {months: 6}, renewed_by_activity: true}"
BY_TIER = "expiry: {after: {months: 6}, by_tier: {gold: never}}"


GOLD_AT_100 = (
    "tiers: {count: {wallet: points}, window: {rolling: {months: 12}}, ladder: [{code: basic, name: B, from:"
    " 0}, {code: gold, name: G, from: 100}]}"
)
