"""Variants over GraphQL: a member sees and pays their own, staff are told which it was, an analyst reads both."""

from __future__ import annotations

from pathlib import Path

from domain.services.figures import results
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from tests.command_log import CommandLog
from tests.folding import fold_waiting
from tests.running_app import Json, RunningApp, open_running_app

TESTED = """
programme: {code: tested, name: Tested, currency: EUR, timezone: Europe/Lisbon, locales: [en], terms: {version: "2026-01", url: "https://tested.example"}}
wallets: [{code: points, kind: points, name: Points, unit_cost: "0.01"}]
rules:
  - code: euro
    title: Euro
    on: purchase.completed
    do: [{award: {wallet: points, fixed: 100}}]
    variants: [{code: fixed}, {code: share, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}]}]
rewards:
  - code: mug
    title: Mug
    cost: {wallet: points, amount: 60}
    variants: [{code: full}, {code: less, title: Cheap mug, cost: {wallet: points, amount: 40}}]
"""
OFFER = "id title cost { amount }"
REWARDS = f"{{ me {{ rewards {{ edges {{ node {{ missing rewardState reward {{ {OFFER} }} }} }} }} }} }}"
VOUCHER = f"__typename ... on RewardRedeemed {{ voucher {{ title cost {{ amount }} reward {{ {OFFER} }} }} wallets {{ available }} }}"
VARIANTS = """{ figures {
  rules { rule variants { variant share count cost awarded { wallet amount } conversion { members mean }
    revenue { members mean difference low high daysToTell } receipts { mean } } }
  rewards { reward variants { variant count spent { amount } } } messages { variants { variant } } } }"""


async def test_each_member_sees_and_pays_their_variant_and_staff_are_told_which(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    file = tmp_path / "tested.yaml"
    file.write_text(TESTED, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=file) as app:
        till = await app.hire("rui")
        seen: list[tuple[Json, str]] = []
        while len({each["title"] for each, _ in seen}) < 2 or len({chosen for _, chosen in seen}) < 2:
            seen.append(await redeemed(app, till, len(seen)))
        assert {offer["title"]: offer["cost"]["amount"] for offer, _ in seen} == {"Mug": 60, "Cheap mug": 40}
        [public] = (await app.do(f"{{ programme {{ rewards {{ {OFFER} }} }} }}"))["programme"]["rewards"]
        assert (public["title"], public["cost"]) == ("Mug", {"amount": 60})
        ids = {offer["id"] for offer, _ in seen}
        assert (len(ids), public["id"] in ids) == (2, False)
        await analysed(app, seen)


async def redeemed(app: RunningApp, till: str, number: int) -> tuple[Json, str]:
    """Let a new member buy and redeem; return the offer that they saw, and the variant that staff read."""
    token = await app.enrol_member(f"m{number}@shop.example", locale="en")
    card = (await app.do("{ me { number } }", token=token))["me"]["number"]
    before = (await app.do(REWARDS, token=token))["me"]["rewards"]["edges"][0]["node"]
    assert before["missing"] == before["reward"]["cost"]["amount"]
    buy = {
        "member": card,
        "externalId": f"R{number}",
        "currency": "EUR",
        "total": 9_000,
        "idempotencyKey": f"b{number}",
    }
    answer = "... on PurchaseRecorded { explanation { rule variant amount } }"
    [told] = (await app.mutate("recordPurchase", buy, answer, token=till))["explanation"]
    assert told["amount"] == {"fixed": 100, "share": 90}[told["variant"]]
    mine = "{ me { purchases { edges { node { explanation { rule variant } } } } } }"
    [own] = (await app.do(mine, token=token))["me"]["purchases"]["edges"][0]["node"]["explanation"]
    assert own == {"rule": "euro", "variant": None}
    offer = before["reward"]
    asked = {"rewardId": offer["id"], "idempotencyKey": f"r{number}"}
    got = await app.mutate("redeemReward", asked, VOUCHER, token=token)
    assert got["voucher"] == {"title": offer["title"], "cost": offer["cost"], "reward": offer}
    assert got["wallets"] == [{"available": told["amount"] - offer["cost"]["amount"]}]
    again = await app.do(
        "query($id: ID!) { node(id: $id) { ... on Reward { title cost { amount } } } }",
        {"id": offer["id"]},
        token=token,
    )
    assert again["node"] == {"title": offer["title"], "cost": offer["cost"]}
    return offer, told["variant"]


async def analysed(app: RunningApp, seen: list[tuple[Json, str]]) -> None:
    """Compare what an analyst reads with what members saw."""
    runtime = app.process.runtime
    await fold_waiting(runtime, LeaseHolder(app.clock), now=app.clock())
    await results.measure_uplifts(runtime, now=app.clock())
    figures = (await app.do(VARIANTS, token=await app.hire("anna", "ANALYST")))["figures"]
    first, second = figures["rules"][0]["variants"]
    chosen = [variant for _, variant in seen]
    assert [(each["variant"], each["share"], each["count"]) for each in (first, second)] == [
        (variant, 0.5, chosen.count(variant)) for variant in ("fixed", "share")
    ]
    assert first["cost"] == 100 * chosen.count("fixed")
    assert (first["revenue"]["difference"], first["revenue"]["mean"]) == (None, 9_000)
    assert second["conversion"] == {"members": chosen.count("share"), "mean": 1.0}
    paid = [each["cost"]["amount"] for each, _ in seen]
    mugs = {each["variant"]: (each["count"], each["spent"]) for each in figures["rewards"][0]["variants"]}
    assert mugs["full"] == (paid.count(60), [{"amount": 60 * paid.count(60)}])
    assert mugs["less"] == (paid.count(40), [{"amount": 40 * paid.count(40)}])
    assert figures["messages"] == []
