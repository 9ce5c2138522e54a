"""What is recommended, by histories with planted affinities; each reason is true."""

from __future__ import annotations

import pytest

from domain.model.club import tastes as likes
from domain.model.club.co_purchases import LEAST_PEOPLE, MOST_NEIGHBOURS, CoPurchases, ProductLinks
from domain.model.club.recommending import (
    Candidate,
    RewardStanding,
    mixed,
    rank_products,
    rank_rewards,
)
from domain.model.club.tastes import NO_TASTES, PIECE, Tastes
from tests.model.club.planted import TODAY, PlantedHistory, all_skus, category_of, plant


def tastes_of(history: PlantedHistory, member: str) -> Tastes:
    known = NO_TASTES
    for day, purchase in history.purchases[member]:
        known = likes.after_purchase(known, purchase, day=day, ineligible=())
    return likes.as_of(known, TODAY)


def measured(history: PlantedHistory) -> ProductLinks:
    counts = CoPurchases()
    for member in history.purchases:
        counts.add(tastes_of(history, member))
    by_category = dict[str, list[str]]()
    for sku, category in all_skus().items():
        by_category.setdefault(category, []).append(sku)
    categories = {code: counts.of_category(skus) for code, skus in by_category.items()}
    return ProductLinks(counts.neighbours(), categories, counts.popular_of(all_skus()), ())


@pytest.mark.parametrize("seed", [1, 7, 20, 2026, 99_991])
def test_the_planted_article_is_among_the_first_three_for_95_of_100(seed: int) -> None:
    history = plant(seed)
    links = measured(history)
    hits = 0
    for member in history.asked:
        ranked = rank_products(tastes_of(history, member), links)
        hits += history.planted_for(member) in [each.code for each in ranked[:3]]
    assert hits >= 95, f"seed {seed}: {hits} of {len(history.asked)}"


@pytest.mark.parametrize("seed", [3, 44])
def test_every_reason_is_true_and_nothing_bought_is_recommended(seed: int) -> None:
    history = plant(seed)
    links = measured(history)
    people = {
        sku: {member for member in history.purchases if sku in history.bought_by(member)}
        for sku in all_skus()
    }
    for member in history.asked:
        bought = history.bought_by(member)
        categories = {all_skus()[sku] for sku in bought}
        for each in rank_products(tastes_of(history, member), links):
            assert each.code not in bought
            if each.reason == "bought_product":
                assert each.because in bought
                assert len(people[each.because] & people[each.code]) >= LEAST_PEOPLE
            elif each.reason == "bought_category":
                assert each.because in categories
                assert all_skus()[each.code] == each.because
            else:
                assert each.reason == "popular"
                assert len(people[each.code]) >= LEAST_PEOPLE


def test_who_likes_nothing_gets_what_is_popular_alone() -> None:
    history = plant(5)
    links = measured(history)
    ranked = rank_products(NO_TASTES, links)
    assert {each.reason for each in ranked} == {"popular"}
    assert [each.code for each in ranked] == [sku for sku, _ in links.popular]


def test_lists_are_bounded() -> None:
    counts = CoPurchases()
    for member in range(100):
        counts.add(Tastes(TODAY, {}, {f"sku-{(member + step) % 90}": PIECE for step in range(12)}))
    near = counts.neighbours()
    assert max(map(len, near.values())) <= MOST_NEIGHBOURS
    assert len(counts.popular_of(near)) == 50


def test_what_fewer_than_three_people_buy_tells_nothing() -> None:
    counts = CoPurchases()
    for _ in range(2):
        counts.add(Tastes(TODAY, {}, {"rare": PIECE, "rarer": PIECE}))
    assert counts.neighbours() == {}
    assert counts.popular_of(["rare", "rarer"]) == ()


STANDINGS = (
    RewardStanding("album", (category_of(0),), 0.1, is_unlocked=False),
    RewardStanding("coffee", (), 1.0, is_unlocked=True),
    RewardStanding("trip", (), 0.6, is_unlocked=False),
    RewardStanding("car", (), 0.2, is_unlocked=False),
)


def test_a_reward_has_the_reason_that_is_true_of_it() -> None:
    known = Tastes(TODAY, {category_of(0): PIECE}, {})
    ranked = rank_rewards(known, STANDINGS, ())
    assert [(each.code, each.reason, each.because) for each in ranked] == [
        ("album", "bought_category", "kind-0"),
        ("coffee", "reachable", None),
        ("trip", "nearly", None),
    ]


def test_without_consent_rewards_are_the_popular_ones() -> None:
    ranked = rank_rewards(None, STANDINGS, (("car", 1_000), ("album", 200)))
    assert [(each.code, each.reason) for each in ranked] == [("car", "popular"), ("album", "popular")]


def test_a_reward_follows_three_products() -> None:
    products = [Candidate("product", f"p{number}", 1.0, "popular") for number in range(5)]
    gifts = [Candidate("reward", f"r{number}", 1.0, "popular") for number in range(3)]
    assert [each.code for each in mixed(products, gifts, 8)] == [
        "p0",
        "p1",
        "p2",
        "r0",
        "p3",
        "p4",
        "r1",
        "r2",
    ]
