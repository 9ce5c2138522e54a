"""What tests of vouchers do first: a member with points, and a reward redeemed."""

from tests.running_app import Json, RunningApp

VOUCHER = (
    "id title voucherState code usedAt usedIn { name } cancellable value { amount minimum currency } cost {"
    " amount } stores { code } reward { code }"
)
REDEEMED = (
    f"__typename ... on RewardRedeemed {{ voucher {{ {VOUCHER} }} wallets {{ code available spent }} }} ..."
    " on RewardLocked { message missing locks { reason message } } ... on Problem { message }"
)


async def member_with_points(app: RunningApp, email: str = "ana@example.com", points: int = 1_000) -> str:
    """A member with spendable points, given by a manager."""
    token = await app.enrol_member(email)
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    boss = await app.hire(f"boss-{email.partition('@')[0]}", "MANAGER")
    input = {
        "member": number,
        "wallet": "points",
        "amount": points,
        "reason": "Teste",
        "idempotencyKey": f"give {email}",
    }
    await app.mutate("adjustBalance", input, "__typename", token=boss)
    return token


async def reward_id(app: RunningApp, code: str) -> str:
    rewards = (await app.do("{ programme { rewards { id code } } }"))["programme"]["rewards"]
    id: str = next(one["id"] for one in rewards if one["code"] == code)
    return id


async def redeem(app: RunningApp, token: str, code: str = "discount-5", key: str = "k") -> Json:
    input = {"rewardId": await reward_id(app, code), "idempotencyKey": key}
    return await app.mutate("redeemReward", input, REDEEMED, token=token)
