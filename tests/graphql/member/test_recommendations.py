"""Recommendations over GraphQL: each with its reason in the reader's language; openings are noted."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.model.club.products import Product
from domain.services.club import product_links
from domain.store.club import products
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from tests.command_log import CommandLog
from tests.folding import fold_waiting
from tests.running_app import Json, RunningApp, open_running_app
from tests.small_runtime import NUMISCOLLECT

FOR_YOU = """{ me { recommendations(first: 6) { kind code reason message category { code name }
  product { sku title price image link categories { code name } imageUrl(width: 96) } boughtProduct { sku title }
  reward { missing rewardState reward { code title } } } } }"""
COINS = "silver-coins"


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_running_app(database, command_log, tmp_path, programme=NUMISCOLLECT) as running:
        listed = [
            Product("ag-1", {"pt": "Onça de prata", "en": "Silver ounce"}, (COINS,), 3_900),
            Product(
                "ag-2", {"pt": "Denário", "en": "Denarius"}, (COINS, "odd"), 8_900, "/media/collector.svg"
            ),
            Product("bk-1", {"pt": "Catálogo"}, ("books",), link="https://shop.example/bk"),
        ]
        await products.put_many(running.process.store, listed)
        yield running


async def shop(app: RunningApp) -> list[str]:
    """Four members buy an ounce; three of them a denarius too."""
    till = await app.hire("rui")
    tokens = []
    for number in range(4):
        consent = {"purpose": "profiling", "granted": True, "wordingVersion": 1}
        token = await app.enrol_member(f"m{number}@example.com", consents=[consent])
        me = (await app.do("{ me { number } }", token=token))["me"]["number"]
        skus = ["ag-1", *(["ag-2"] if number else [])]
        lines = [{"sku": sku, "category": COINS, "amount": 3_900} for sku in skus]
        purchase = {"member": me, "externalId": f"r{number}", "currency": "EUR", "total": 3_900 * len(lines)}
        recorded = await app.mutate(
            "recordPurchase",
            {**purchase, "lines": lines, "idempotencyKey": f"r{number}"},
            "__typename",
            token=till,
        )
        assert recorded["__typename"] == "PurchaseRecorded"
        tokens.append(token)
    now = app.clock()
    await fold_waiting(app.process.runtime, LeaseHolder(lambda: now, name="test"), now=now)
    await product_links.measure(app.process.runtime, now=now)
    return tokens


async def for_you(app: RunningApp, token: str, language: str = "en") -> list[Json]:
    answer: Any = await app.do(FOR_YOU, token=token, language=language)
    found: list[Json] = answer["me"]["recommendations"]
    return found


async def test_each_comes_with_its_reason_in_words(app: RunningApp, command_log: CommandLog) -> None:
    ana, *_ = await shop(app)
    with command_log.counting() as counted:
        found = await for_you(app, ana)
    assert len(counted) == 4, "the member, the tastes, the links, the products"
    first = found[0]
    assert first["product"].pop("imageUrl").startswith("http")
    assert first == {
        "kind": "PRODUCT",
        "code": "ag-2",
        "reason": "BOUGHT_PRODUCT",
        "message": "Porque comprou «Onça de prata»",
        "category": None,
        "product": {
            "sku": "ag-2",
            "title": "Denário",
            "price": 8_900,
            "image": "/media/collector.svg",
            "link": None,
            "categories": [{"code": COINS, "name": "Moedas de prata"}, {"code": "odd", "name": "odd"}],
        },
        "boughtProduct": {"sku": "ag-1", "title": "Onça de prata"},
        "reward": None,
    }
    opening = {"kind": "PRODUCT", "code": "ag-2"}
    for is_counted in (True, False):
        opened = await app.mutate("openRecommendation", opening, "counted", token=ana)
        assert opened == {"counted": is_counted}
    analyst = await app.hire("anna", "ANALYST")
    figures: Any = await app.do("{ figures { recommendations { kind opened taken } } }", token=analyst)
    assert figures["figures"]["recommendations"] == [
        {"kind": "PRODUCT", "opened": 1, "taken": 0},
        {"kind": "REWARD", "opened": 0, "taken": 0},
    ]
    mutation = "mutation($i: OpenRecommendationInput!) { openRecommendation(input: $i) { counted } }"
    unknown = {"i": {"kind": "REWARD", "code": "nothing"}}
    assert (await app.error(mutation, unknown, token=ana))["code"] == "NOT_FOUND"


async def test_who_withdraws_the_consent_sees_what_is_popular(
    app: RunningApp, command_log: CommandLog
) -> None:
    ana, *_ = await shop(app)
    consent = {"purpose": "profiling", "granted": False, "wordingVersion": 1}
    await app.mutate("setConsent", consent, "__typename", token=ana)
    with command_log.counting() as counted:
        found = await for_you(app, ana)
    assert "figures_members" not in {name for command in counted.commands for name, _ in command.filters}
    assert {(each["code"], each["reason"], each["message"]) for each in found} == {
        ("ag-1", "POPULAR", "Popular entre os membros"),
        ("ag-2", "POPULAR", "Popular entre os membros"),
    }
    opened = await app.mutate("openRecommendation", {"kind": "PRODUCT", "code": "ag-2"}, "counted", token=ana)
    assert opened == {"counted": False}


@pytest.mark.parametrize("first", [0, 101])
async def test_a_list_has_its_bounds(app: RunningApp, first: int) -> None:
    token = await app.enrol_member()
    error = await app.error(f"{{ me {{ recommendations(first: {first}) {{ code }} }} }}", token=token)
    assert (error["code"], error["field"]) == ("BAD_INPUT", "first")


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "You bought this 3 times since 2 March 2026, last on 16 March 2026"),
        ("pt", "Comprou isto 3 vezes desde 2 de março de 2026, a última em 16 de março de 2026"),
        ("pl", "Kupowane przez Ciebie od 2 marca 2026, razem 3 razy, ostatnio 16 marca 2026"),
    ],
)
async def test_what_is_bought_again_says_how_often_and_when_last(
    app: RunningApp, locale: str, words: str
) -> None:
    consent = {"purpose": "profiling", "granted": True, "wordingVersion": 1}
    token, till = await app.enrol_member(consents=[consent], locale=locale), await app.hire("rui")
    me = (await app.do("{ me { number } }", token=token))["me"]["number"]
    for number in range(3):
        line = {"sku": "ag-1", "category": COINS, "amount": 3_900}
        purchase = {
            "member": me,
            "externalId": f"r{number}",
            "currency": "EUR",
            "total": 3_900,
            "lines": [line],
        }
        await app.mutate(
            "recordPurchase", {**purchase, "idempotencyKey": f"r{number}"}, "__typename", token=till
        )
        app.clock.advance(days=7)
        till = await app.hire(f"rui-{number}")
    now = app.clock()
    await fold_waiting(app.process.runtime, LeaseHolder(lambda: now, name="test"), now=now)
    query = "{ me { recommendations(first: 6) { code reason message habit { times firstOn lastOn } } } }"
    answer: Any = await app.do(query, token=token)
    again = next(each for each in answer["me"]["recommendations"] if each["reason"] == "BUY_AGAIN")
    assert again == {
        "code": "ag-1",
        "reason": "BUY_AGAIN",
        "message": words,
        "habit": {"times": 3, "firstOn": "2026-03-02", "lastOn": "2026-03-16"},
    }
    await app.mutate("setConsent", {**consent, "granted": False}, "__typename", token=token)
    answer = await app.do(query, token=token)
    assert all(each["habit"] is None for each in answer["me"]["recommendations"])
