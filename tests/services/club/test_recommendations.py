"""Recommendations over a database: measured, read in a fixed number of commands, and only with consent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.model.club.products import Product
from domain.model.club.tastes import NO_TASTES, after_purchase
from domain.model.figures.member_figures import MemberFigures
from domain.model.ledger.decide import new_member
from domain.model.programme.messages import PROFILING
from domain.services.club import catalogue, openings, product_links
from domain.services.club.recommendations import Recommendation, RecommendationReader, recommend
from domain.services.figures import rebuilding
from domain.services.ledger import purchases, queries, redemption
from domain.services.ledger.purchase_input import PurchaseInput, PurchaseInputLine
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import RefundRequest
from domain.services.runtime import Runtime
from domain.store.club import product_links as stored_links
from domain.store.club import products
from domain.store.connect import Database
from domain.store.figures import member_figures
from domain.store.figures.lease import LeaseHolder
from tests.command_log import CommandLog
from tests.folding import fold_waiting
from tests.model.club.planted import PlantedHistory, all_skus, plant
from tests.small_runtime import NOW, SMALL, TILL, join, open_runtime

TODAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


async def stand(runtime: Runtime, history: PlantedHistory, *, members: int, fillers: int = 0) -> None:
    """Store what the members like, and the catalogue with as many more products."""
    documents = []
    for member in list(history.purchases)[:members]:
        known = NO_TASTES
        for day, purchase in history.purchases[member]:
            known = after_purchase(known, purchase, day=day, ineligible=())
        documents.append(member_figures.figures_document(member, MemberFigures(seq=1, tastes=known)))
    await runtime.store[member_figures.COLLECTION].insert_many(documents)
    listed = [Product(sku, {"en": sku.title()}, (category,)) for sku, category in all_skus().items()]
    listed += [Product(f"filler-{number}", {"en": "Filler"}, ("kind-0",)) for number in range(fillers)]
    await products.put_many(runtime.store, listed)
    await product_links.measure(runtime, now=TODAY)


async def ask(
    runtime: Runtime, member: str, *, consents: frozenset[str] = frozenset({PROFILING}), first: int = 10
) -> list[Recommendation]:
    reader = RecommendationReader(new_member(member, f"0000{member}"), consents)
    stock = await queries.stock_state(runtime, now=TODAY)
    return await recommend(runtime, reader, stock, first=first, now=TODAY)


async def test_what_was_planted_is_recommended_in_three_commands_however_many_there_are(
    database: Database, command_log: CommandLog
) -> None:
    runtime, history = await open_runtime(database), plant(17)
    await stand(runtime, history, members=60)
    member = history.asked[0]
    await ask(runtime, member)  # what is left of limited rewards is in memory from then on
    with command_log.counting() as few:
        await ask(runtime, member)
    for collection in (member_figures.COLLECTION, products.COLLECTION, stored_links.COLLECTION):
        await runtime.store[collection].delete_many({"_id": {"$gt": ""}})
    await stand(runtime, history, members=1_000, fillers=3_000)
    hits = 0
    for asked in history.asked:
        with command_log.counting() as many:
            found = await ask(runtime, asked, first=3)
        assert many.names == few.names == ["find"] * 3
        hits += history.planted_for(asked) in [each.candidate.code for each in found]
        for each in found:
            if each.candidate.reason == "bought_product":
                assert each.bought is not None
                assert each.bought.sku in history.bought_by(asked)
    assert hits >= 95
    rows = [row async for row in runtime.store[stored_links.COLLECTION].find({"_id": {"$gt": ""}})]
    assert max(len(row.get("ranking", ())) for row in rows) <= 50


async def test_without_consent_nothing_of_the_member_is_read_and_it_is_what_is_popular(
    database: Database, command_log: CommandLog
) -> None:
    runtime, history = await open_runtime(database), plant(18)
    await stand(runtime, history, members=300)
    await ask(runtime, history.asked[0])
    lists = set()
    for member in history.asked[:10]:
        with command_log.counting() as counted:
            found = await ask(runtime, member, consents=frozenset({"marketing"}))
        assert [command.filters[0][0] for command in counted.commands] == ["product_links", "products"]
        assert {each.candidate.reason for each in found} == {"popular"}
        lists.add(tuple(each.candidate.code for each in found))
    assert len(lists) == 1


async def buy(runtime: Runtime, member: str, receipt: str, *skus: str, now: datetime = LATER) -> None:
    lines = tuple(PurchaseInputLine(sku, 1_000, 1, sku.title(), "books") for sku in skus)
    bought = PurchaseInput(receipt, 1_000 * len(lines), "EUR", lines)
    await purchases.record(runtime, till=TILL, member_id=member, purchase_input=bought, key=receipt, now=now)


async def fold(runtime: Runtime, *, now: datetime = LATER) -> None:
    await fold_waiting(runtime, LeaseHolder(lambda: now, name="test"), now=now)


async def for_you(
    runtime: Runtime, member: str, *, now: datetime = LATER
) -> list[tuple[str, str, str | None]]:
    view = await queries.load_member_view(runtime, member_id=member, now=now)
    reader = RecommendationReader(view.member, {PROFILING}, view.merged)
    stock = await queries.stock_state(runtime, now=now)
    found = await recommend(runtime, reader, stock, first=10, now=now)
    return [(each.candidate.code, each.candidate.reason, each.candidate.because) for each in found]


async def open_bookshop(database: Database) -> Runtime:
    """Four readers: three bought an atlas and a guide, Ana the atlas alone."""
    runtime = await open_runtime(database)
    listed = [Product(sku, {"en": sku.title()}, ("books",), 1_000) for sku in ("atlas", "guide", "novel")]
    await products.put_many(runtime.store, listed)
    for number, member in enumerate(("ana", "bea", "eva", "rui")):
        await join(runtime, member)
        await buy(runtime, member, f"r{number}", "atlas", *(["guide"] if member != "ana" else []))
    await fold(runtime)
    await product_links.measure(runtime, now=LATER)
    return runtime


async def test_purchases_are_folded_and_a_return_takes_its_reason_away(database: Database) -> None:
    runtime = await open_bookshop(database)
    assert ("guide", "bought_product", "atlas") in await for_you(runtime, "ana")
    assert all(code not in ("atlas", "guide") for code, _, _ in await for_you(runtime, "bea"))
    whole = RefundRequest("r0", amount=1_000)
    await refunds.refund(runtime, till=TILL, refund_request=whole, reason="torn", key="b", now=LATER)
    await fold(runtime)
    assert [each for each in await for_you(runtime, "ana") if each[0] == "guide"] == [
        ("guide", "popular", None)
    ]
    before = [row async for row in runtime.store[member_figures.COLLECTION].find({"_id": {"$gt": ""}})]
    await rebuilding.rebuild(runtime, LeaseHolder(lambda: LATER, name="test"))
    after = [row async for row in runtime.store[member_figures.COLLECTION].find({"_id": {"$gt": ""}})]
    assert sorted(before, key=lambda row: row["_id"]) == sorted(after, key=lambda row: row["_id"])


async def test_what_is_sold_no_more_is_not_recommended(database: Database) -> None:
    runtime = await open_bookshop(database)
    listed = [Product(sku, {"en": sku.title()}, ("books",), 1_000) for sku in ("atlas", "novel")]
    found = await catalogue.try_products(runtime, listed, is_complete=True)
    assert ([each.sku for each in found.gone], found.same) == (["guide"], 2)
    await catalogue.put_products(runtime, found)
    assert all(code != "guide" for code, _, _ in await for_you(runtime, "ana"))
    await buy(runtime, "bea", "waits", "novel")
    assert not await product_links.measure_if_due(runtime, now=LATER + timedelta(minutes=2)), "a row waits"
    assert await product_links.measure_if_due(runtime, now=LATER)
    assert not await product_links.measure_if_due(runtime, now=LATER)
    assert await runtime.store[stored_links.COLLECTION].find_one({"_id": "category:books"}) is not None
    links = await stored_links.find(runtime.store, items=["atlas"], categories=["books"])
    assert links.neighbours == {}
    assert [sku for sku, _ in links.categories["books"]] == ["atlas", "novel"], "a new one stands last"


async def test_openings_count_once_and_what_came_of_them(database: Database) -> None:
    runtime = await open_bookshop(database)

    async def opened(kind: str, code: str, *, consents: frozenset[str] = frozenset({PROFILING})) -> bool:
        return await openings.note_opened(
            runtime,
            member_id="ana",
            consents=consents,
            kind="product" if kind == "product" else "reward",
            code=code,
            now=LATER,
        )

    assert not await opened("product", "guide", consents=frozenset())
    assert await runtime.store["recommendation_openings"].find_one({"_id": "ana"}) is None
    assert await opened("product", "guide")
    assert not await opened("product", "guide")
    assert not await opened("product", "atlas"), "she has it"
    assert await opened("reward", "rare")
    assert await openings.count_taken(runtime, now=LATER) == 0
    soon = LATER + timedelta(hours=1)
    await buy(runtime, "ana", "later", "guide", *(["novel"] * 9), now=soon)
    await redemption.redeem(runtime, member_id="ana", reward="rare", key="v", now=soon)
    await fold(runtime, now=soon)
    for counted in (2, 0):
        assert await openings.count_taken(runtime, now=soon) == counted
    day = await runtime.store["figures_days"].find_one({"_id": "2026-03-02|*|*"})
    assert day is not None
    assert day["recommended"] == {"opened": {"product": 1, "reward": 1}, "taken": {"product": 1, "reward": 1}}
    await rebuilding.rebuild(runtime, LeaseHolder(lambda: soon, name="test"))
    rebuilt = await runtime.store["figures_days"].find_one({"_id": "2026-03-02|*|*"})
    assert rebuilt is not None
    assert rebuilt["recommended"] == day["recommended"]


async def test_rewards_go_with_what_one_buys(database: Database) -> None:
    text = SMALL.replace("code: mug, ", "code: mug, categories: [books], ") + (
        "categories: [{code: books, name: Books}]\n"
        "consents: [{purpose: profiling, title: For you, wording: Yes}]\n"
    )
    runtime = await open_runtime(database, text)
    await join(runtime, "ana")
    await buy(runtime, "ana", "r", "atlas")
    await fold(runtime)
    assert await for_you(runtime, "ana") == [("mug", "bought_category", "books"), ("rare", "reachable", None)]


async def test_what_is_bought_again_and_again_is_told_truly_and_only_with_consent(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await products.put_many(runtime.store, [Product("tea", {"en": "Tea"}, ("books",))])
    days = [LATER + timedelta(days=7 * number) for number in range(4)]
    for number, day in enumerate(days):
        await buy(runtime, "ana", f"t{number}", "tea", now=day)
    back = RefundRequest("t3", amount=1_000)
    await refunds.refund(
        runtime, till=TILL, refund_request=back, reason="cold", key="back", now=days[-1] + timedelta(hours=1)
    )
    asked_at = days[2] + timedelta(days=8)
    await fold(runtime, now=asked_at)
    reader = RecommendationReader(new_member("ana", "0000ana"), {PROFILING})
    stock = await queries.stock_state(runtime, now=asked_at)
    [again] = await recommend(runtime, reader, stock, first=10, now=asked_at)
    habit = again.candidate.habit
    assert habit is not None
    assert (again.candidate.code, again.candidate.reason) == ("tea", "buy_again")
    assert (habit.times, habit.since, habit.last_on) == (3, days[0].date(), days[2].date())
    without = RecommendationReader(new_member("ana", "0000ana"), {"marketing"})
    assert await recommend(runtime, without, stock, first=10, now=asked_at) == []
    before = await member_figures.find_tastes(runtime.store, ["ana"])
    await rebuilding.rebuild(runtime, LeaseHolder(lambda: asked_at, name="test"))
    assert await member_figures.find_tastes(runtime.store, ["ana"]) == before
    soon = days[2] + timedelta(days=2)
    assert await recommend(runtime, reader, stock, first=10, now=soon) == []
