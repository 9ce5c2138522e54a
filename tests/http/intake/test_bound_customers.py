"""A system's customer who was bound by the member's own card pays there without it; a contact never does that."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.services.intake.registry import SourceRegistry
from domain.store import audit
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.http.intake.client_story import add_client
from tests.http.intake.shop_story import ShopStory
from tests.http.intake.test_client_keys import Json, record
from tests.http.intake.test_events import states
from tests.journeys.test_paying import PROGRAMME as PAYING
from tests.running_app import RunningApp, open_running_app

BOUND = "__typename ... on CustomerBound { customer { name } } ... on NotAllowed { reason }"
SPEND: Json = {"total": 2000, "payWith": [{"wallet": "points", "units": 200}]}


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    file = tmp_path / "paying.yaml"
    file.write_text(PAYING, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path / "data", programme=file) as opened:
        yield opened


async def bind(app: RunningApp, key: str, visit: str) -> Json:
    return await app.mutate("bindCustomer", {"customer": "c-7", "member": visit}, BOUND, token=key)


async def bind_by_card(app: RunningApp, key: str, member: str, scan: str) -> Json:
    """Scan the card that a member shows now, and bind the customer by it."""
    code = (await app.do("{ me { card { code } } }", token=member))["me"]["card"]["code"]
    scan_input = {"code": code, "idempotencyKey": scan}
    visit = (await app.mutate("scan", scan_input, "... on CustomerScan { visit }", token=key))["visit"]
    return await bind(app, key, visit)


async def pays(app: RunningApp, key: str, number: str) -> str:
    """Have the customer pay a part; return who paid, or what was answered in place of it."""
    answer = await record(app, key, number, member="customer:c-7", **SPEND)
    kind: str = answer["__typename"]
    return answer["customer"]["name"] if kind == "PurchaseRecorded" else kind


async def test_a_customer_bound_by_the_card_pays_without_it_and_by_a_contact_never(app: RunningApp) -> None:
    ana, rui = [
        await app.enrol_member(email, locale="en", termsVersion="1")
        for email in ("ana.silva@example.com", "rui@example.com")
    ]
    shop, other = (await add_client(app)).key, (await add_client(app, "other")).key
    await record(app, shop, "1", total=50_000)
    assert (await bind(app, shop, "ana.silva@example.com"))["reason"] == "PRESENCE"
    assert await pays(app, shop, "2") == "UnknownCode"
    bound = await bind_by_card(app, shop, ana, "s1")
    assert (bound["__typename"], bound["customer"]["name"]) == ("CustomerBound", "Ana Silva")
    assert await pays(app, shop, "2") == "Ana Silva"
    assert await pays(app, other, "2") == "UnknownCode"  # its customer of the same number is somebody else
    # An order that names the customer beside another member's contact changes nothing.
    order: Json = {
        "id": "o-1",
        "type": "purchase.completed",
        "member": {"customer": "c-7", "email": "rui@example.com"},
        "data": {"externalId": "W-1", "total": 1000},
    }
    story = ShopStory(app, SourceRegistry(app.process.store))
    assert await states(story, order, shop) == ["taken"]
    await story.work()
    assert await pays(app, shop, "3") == "Ana Silva"
    # The newest card counts, and the trail says which system saw it.
    assert (await bind_by_card(app, shop, rui, "s2"))["__typename"] == "CustomerBound"
    assert await pays(app, shop, "4") == "InsufficientBalance"  # rui has nothing to pay with
    trail = await audit.find_between(app.process.store, since=app.clock(), until=app.clock())
    acts = [act for act in trail if act.action == "CUSTOMER_BOUND"]
    assert [act.actor for act in acts] == ["client:web"] * 2


async def test_a_binding_by_a_contact_pays_nothing_and_a_narrow_key_binds_nobody(app: RunningApp) -> None:
    ana = await app.enrol_member("ana.silva@example.com", locale="en", termsVersion="1")
    shop = (await add_client(app)).key
    story = ShopStory(app, SourceRegistry(app.process.store))
    order: Json = {
        "id": "o-1",
        "type": "purchase.completed",
        "member": {"customer": "c-7", "email": "ana.silva@example.com"},
        "data": {"externalId": "W-1", "total": 50_000},
    }
    assert await states(story, order, shop) == ["taken"]
    await story.work()
    answer = await record(app, shop, "2", member="customer:c-7", **SPEND)
    assert (answer["__typename"], answer["reason"]) == ("NotAllowed", "PRESENCE")
    narrow = (await add_client(app, "narrow", scopes=["redemptions:write"])).key
    query = "mutation($i: BindCustomerInput!) { bindCustomer(input: $i) { __typename } }"
    denied = await app.error(query, {"i": {"customer": "c-7", "member": "x"}}, token=narrow)
    assert (denied["code"], denied["scope"]) == ("FORBIDDEN", "members:write")
    assert (await app.error(query, {"i": {"customer": "c-7", "member": "x"}}, token=ana))[
        "code"
    ] == "FORBIDDEN"
