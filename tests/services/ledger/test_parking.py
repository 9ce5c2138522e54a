"""Parked events as systems bring them: parked once, replaced by another state, credited to who proves a contact."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.model import event_names
from domain.model.ledger.deciding.returns.refund_lines import returned
from domain.model.ledger.events import Event
from domain.services.ledger.parking import crediting
from domain.services.ledger.parking.parking import EventParked
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.document_store import Stale
from domain.store.ledger import members, parked_events, receipts
from domain.store.ledger.parked_events import WAITING, ParkedEvent
from domain.store.ledger.receipts import ReceiptTaken
from tests.services.ledger.parking_steps import credit_parked, park_event, replace_purchase
from tests.small_runtime import NOW, join, new_purchase, open_runtime

MAIL, PHONE, OTHER = "hash of a mail", "hash of a phone", "hash of another"


async def order(runtime: Runtime, external_id: str = "S-1", total: int = 10_000) -> ParkedEvent:
    id = await receipts.find_id(
        runtime.store, "purchase", source="shop", shop="online", external_id=external_id
    )
    purchase = new_purchase(external_id, total).as_purchase("online")
    at = NOW - timedelta(days=2)
    event = Event(f"purchase:{id}", event_names.PURCHASED, at, "shop", purchase=purchase)
    return ParkedEvent(id, "shop", "purchase", (MAIL, PHONE), event, NOW, NOW + WAITING)


async def points(runtime: Runtime, member: str) -> int:
    stored = await members.find(runtime.store, member)
    assert stored is not None
    return stored.member.wallets["points"].available if "points" in stored.member.wallets else 0


async def test_an_order_is_parked_once_and_credited_to_whoever_proves_one_of_its_contacts(
    database: Database,
) -> None:
    runtime = await open_runtime(database, now=NOW - timedelta(days=9))
    parked = await order(runtime)
    assert await park_event(runtime, parked, now=NOW) == parked
    assert await park_event(runtime, replace(parked, contact_hashes=(PHONE,)), now=NOW) == parked
    with pytest.raises(EventParked):
        await park_event(runtime, replace(parked, contact_hashes=(OTHER,)), now=NOW)
    ana = await join(runtime, "ana")
    assert await credit_parked(runtime, [OTHER], member=ana, now=NOW) == []
    results = await asyncio.gather(*(credit_parked(runtime, [PHONE], member=ana, now=NOW) for _ in range(5)))
    assert sorted(result for each in results for result in each if result != "gone") == ["credited"]
    assert await points(runtime, ana) == 100
    receipt = await receipts.find(runtime.store, parked.id)
    assert receipt is not None
    assert (receipt.member, receipt.store) == (ana, "online")
    with pytest.raises(ReceiptTaken):
        await park_event(runtime, parked, now=NOW)


async def test_another_state_of_an_order_replaces_what_waits(database: Database) -> None:
    runtime = await open_runtime(database, now=NOW - timedelta(days=9))
    parked = await park_event(runtime, await order(runtime), now=NOW)
    raised = await replace_purchase(runtime, parked, new_purchase("S-1", 30_000).as_purchase("online"))
    with pytest.raises(Stale):
        await replace_purchase(runtime, parked, new_purchase("S-1", 5).as_purchase("online"))
    gone = await park_event(runtime, await order(runtime, "S-2"), now=NOW)
    assert gone.purchase is not None
    await replace_purchase(runtime, gone, returned(gone.purchase))
    ana = await join(runtime, "ana")
    assert await credit_parked(runtime, [MAIL], member=ana, now=NOW) == ["credited"]
    assert await points(runtime, ana) == 300
    with pytest.raises(Stale):
        await replace_purchase(runtime, raised, new_purchase("S-1", 5).as_purchase("online"))
    left = await parked_events.find_any(runtime.store, gone.id)
    assert left is not None
    assert (left.is_returned, left.member) == (True, None)


async def test_what_is_refused_waits_for_the_next_proof(database: Database) -> None:
    runtime = await open_runtime(database, now=NOW - timedelta(days=9))
    parked = replace(await order(runtime), staff="rui")
    await park_event(runtime, parked, now=NOW)
    ana = await join(runtime, "ana")
    await runtime.store.transact([members.link_employees_write(ana, ["rui"])])
    assert await credit_parked(runtime, [MAIL], member=ana, now=NOW) == ["refused"]
    stored = await runtime.store["parked_events"].find_one({"_id": parked.id})
    assert stored is not None
    assert (stored["refused"], stored.get("member"), stored.get("due")) == ("NotAllowed", None, None)
    assert await crediting.credit_due(runtime, now=NOW, first=10) == []
    bea = await join(runtime, "bea")
    assert await credit_parked(runtime, [MAIL], member=bea, now=NOW) == ["credited"]
    assert (await points(runtime, ana), await points(runtime, bea)) == (0, 100)


async def test_an_event_of_the_programme_is_parked_like_a_purchase(database: Database) -> None:
    runtime = await open_runtime(database, now=NOW - timedelta(days=9))
    id = await receipts.find_id(runtime.store, "event", source="shop", shop="online", external_id="V-1")
    event = Event(f"event:{id}", "visited", NOW, "shop", {"place": "Porto", "people": 2})
    await park_event(runtime, ParkedEvent(id, "shop", "event", (MAIL,), event, NOW, NOW + WAITING), now=NOW)
    ana = await join(runtime, "ana")
    assert await credit_parked(runtime, [MAIL], member=ana, now=NOW) == ["credited"]
    assert await points(runtime, ana) == 13


async def test_who_wants_to_be_forgotten_leaves_nothing_waiting(database: Database) -> None:
    runtime = await open_runtime(database)
    await park_event(runtime, await order(runtime), now=NOW)
    await runtime.store.transact([parked_events.delete_write([PHONE])])
    assert await parked_events.find_any(runtime.store, (await order(runtime)).id) is None
