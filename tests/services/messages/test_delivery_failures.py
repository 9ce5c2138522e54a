"""Deliveries that fail: tried again, parked with their error, and devices that are forgotten."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from domain.services.messages import inbox
from domain.services.messages import outbox as operator
from domain.services.messages.delivery_rounds import run_round
from domain.services.senders import PushMessage, SendResult
from domain.store.connect import Database
from domain.store.messages import outbox, push_addresses
from tests.loud_runtime import (
    NOON,
    RecordingPushSender,
    change_details,
    deliver_all_due,
    delivery_states,
    load_outbox_row,
    new_delivery_worker,
    open_loud_runtime,
    record_event,
    register_phone,
)
from tests.small_runtime import join


@dataclass
class SlowPushSender(RecordingPushSender):
    """Waits before each batch."""

    seconds: float = 0

    async def send(self, batch: Sequence[PushMessage], *, now: datetime) -> Sequence[SendResult]:
        await asyncio.sleep(self.seconds)
        return await super().send(batch, now=now)


async def test_what_fails_is_tried_again_ever_later_then_parked_with_its_error_until_an_operator_says_so(
    database: Database,
) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    id = await record_event(runtime, "visited", place="Baixa", people=2)
    pushes = RecordingPushSender(answer=lambda message: SendResult("retry", "HTTP 500"))
    now, waits = NOON, []
    for _ in range(8):
        await deliver_all_due(runtime, new_delivery_worker(pushes), now=now)
        waits.append((await load_outbox_row(runtime, id)).due_at - now)
        now = (await load_outbox_row(runtime, id)).due_at
    assert [
        timedelta(seconds=10 * 2**n) <= wait <= timedelta(seconds=12.5 * 2**n)
        for n, wait in enumerate(waits[:7])
    ] == [True] * 7
    assert len(pushes.sent) == 8
    assert [
        (message.id, message.error)
        for message in await outbox.find_by_state(runtime.store, "parked", first=10)
    ] == [(id, "HTTP 500")]
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=now + timedelta(days=1)) == 0
    assert len(pushes.sent) == 8
    pushes.answer = lambda message: SendResult("sent")
    assert await outbox.retry(runtime.store, id, now=now)
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=now) == 1
    assert (await load_outbox_row(runtime, id)).state == "done"
    assert (await inbox.find_mailbox(runtime, member_id="ana")).letter_count == 1


async def test_retry_after_is_obeyed(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    id = await record_event(runtime, "visited", place="Baixa", people=2)
    await deliver_all_due(
        runtime,
        new_delivery_worker(
            RecordingPushSender(answer=lambda message: SendResult("retry", "HTTP 503", timedelta(minutes=10)))
        ),
    )
    assert (
        timedelta(minutes=10) <= (await load_outbox_row(runtime, id)).due_at - NOON <= timedelta(minutes=12.5)
    )


@pytest.mark.parametrize(
    ("verdict", "rest"), [("pause", timedelta(seconds=60)), ("break", timedelta(minutes=5))]
)
async def test_a_sender_that_rests_is_asked_nothing_and_no_attempt_is_counted(
    database: Database, verdict: str, rest: timedelta
) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    pushes = RecordingPushSender(
        answer=lambda message: SendResult("pause" if verdict == "pause" else "break", "QUOTA")
    )
    worker = new_delivery_worker(pushes)
    id = await record_event(runtime, "visited", place="Baixa", people=2)
    await deliver_all_due(runtime, worker)
    other = await record_event(runtime, "visited", place="Chiado", people=3, at=NOON + timedelta(seconds=1))
    await deliver_all_due(runtime, worker, now=NOON + timedelta(seconds=1))
    assert len(pushes.sent) == 1
    deliveries = [
        message for each in (id, other) for message in (await load_outbox_row(runtime, each)).deliveries or ()
    ]
    assert [(one.state, one.attempts) for one in deliveries] == [("pending", 0), ("pending", 0)]
    assert rest <= (await load_outbox_row(runtime, id)).due_at - NOON <= rest + timedelta(seconds=5)
    pushes.answer = lambda message: SendResult("sent")
    assert await deliver_all_due(runtime, worker, now=NOON + rest + timedelta(seconds=6)) == 2


async def test_what_a_slow_sender_leaves_no_time_for_waits_for_the_next_round_and_counts_as_no_attempt(
    database: Database,
) -> None:
    runtime = await open_loud_runtime(database)
    for at in range(60):
        await register_phone(runtime, token=f"token-{at:02}")
    id = await record_event(runtime, "visited", place="Baixa", people=2)
    pushes = SlowPushSender(seconds=1)
    worker = new_delivery_worker(pushes, lease=timedelta(seconds=1.5))
    assert (await run_round(runtime, worker, now=NOON)).sent_count == 50
    assert (await load_outbox_row(runtime, id)).state == "pending"
    waiting = [one for one in (await load_outbox_row(runtime, id)).deliveries or () if one.state == "pending"]
    assert [(one.reason, one.attempts) for one in waiting] == [("next round", 0)] * 10
    assert (await run_round(runtime, worker, now=NOON + timedelta(seconds=6))).sent_count == 10
    assert (await load_outbox_row(runtime, id)).state == "done"
    assert len({one.address.value for one in pushes.sent}) == len(pushes.sent) == 60


async def test_a_token_that_reaches_nobody_is_forgotten_and_the_others_are_not(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime, token="gone")
    await register_phone(runtime, token="here")

    def says(message: PushMessage) -> SendResult:
        return (
            SendResult("drop_device", "UNREGISTERED")
            if message.address.value == "gone"
            else SendResult("sent")
        )

    id = await record_event(runtime, "visited", place="Baixa", people=2)
    await deliver_all_due(runtime, new_delivery_worker(RecordingPushSender(answer=says)))
    assert sorted(await delivery_states(runtime, id)) == [
        ("push", "dropped", "UNREGISTERED"),
        ("push", "sent", ""),
    ]
    left = await push_addresses.find_by_members(runtime.store, ["ana"])
    assert [one.token for one in left["ana"]] == ["here"]


async def test_a_device_is_forgotten_at_the_third_message_that_it_makes_impossible(
    database: Database,
) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    worker = new_delivery_worker(
        RecordingPushSender(answer=lambda message: SendResult("drop_message", "INVALID_ARGUMENT"))
    )
    left = []
    for _ in range(3):
        await record_event(runtime, "visited", place="Baixa", people=2)
        await deliver_all_due(runtime, worker)
        left.append(len((await push_addresses.find_by_members(runtime.store, ["ana"])).get("ana", ())))
    assert left == [1, 1, 0]


async def test_where_every_device_is_another_projects_none_is_forgotten(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    for token in ("a", "b", "c"):
        await register_phone(runtime, token=token)
    await record_event(runtime, "visited", place="Baixa", people=2)
    await deliver_all_due(
        runtime,
        new_delivery_worker(
            RecordingPushSender(answer=lambda message: SendResult("drop_device", "SENDER_ID_MISMATCH"))
        ),
    )
    assert len((await push_addresses.find_by_members(runtime.store, ["ana"]))["ana"]) == 3


async def test_a_phone_silent_for_sixty_days_gets_no_push(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime, at=NOON - timedelta(days=60))
    id = await record_event(runtime, "visited", place="Baixa", people=2)
    assert await deliver_all_due(runtime, new_delivery_worker(RecordingPushSender())) == 0
    assert await delivery_states(runtime, id) == [("push", "skipped", "no_device")]


async def test_what_nobody_can_do_is_parked_and_says_so(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    id = await record_event(runtime, "hooked")
    await deliver_all_due(runtime, new_delivery_worker())
    outbox_row = await load_outbox_row(runtime, id)
    assert (outbox_row.state, outbox_row.error) == ("parked", 'SELO_WEBHOOKS names no "shop"')


async def test_a_sender_that_fails_whole_is_tried_again(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    id = await record_event(runtime, "visited", place="Baixa", people=2)

    def breaks(message: PushMessage) -> SendResult:
        raise ConnectionError("cut")

    await deliver_all_due(runtime, new_delivery_worker(RecordingPushSender(answer=breaks)))
    assert await delivery_states(runtime, id) == [("push", "pending", "ConnectionError")]


async def test_a_row_that_cannot_be_read_is_parked_with_its_fault_and_the_rest_goes_on(
    database: Database,
) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    await join(runtime, "rui", at=NOON)
    older = await record_event(runtime, "visited", place="Baixa", people=1)
    beside = await record_event(runtime, "visited", place="Baixa", people=2)
    other = await record_event(runtime, "visited", "rui", place="Baixa", people=3)
    await runtime.store["outbox"].update_one({"_id": older}, {"$unset": {"version": ""}})
    pushes = RecordingPushSender()
    assert await deliver_all_due(runtime, new_delivery_worker(pushes)) == 1
    assert [(await load_outbox_row(runtime, id)).state for id in (beside, other)] == ["done", "done"]
    assert (await inbox.find_mailbox(runtime, member_id="ana")).letter_count == 1
    shown = await operator.list_queue(runtime, state="parked", first=10)
    assert [(one.id, one.description, one.attempts, one.error) for one in shown] == [
        (older, "message thanks", 0, "unreadable: KeyError")
    ]
    assert await operator.retry_parked(runtime, ids=[], now=NOON) == (1, [])
    assert await operator.list_queue(runtime, state="parked", first=10) == []
    await deliver_all_due(runtime, new_delivery_worker(pushes))  # which this version cannot read now either
    assert [one.id for one in await operator.list_queue(runtime, state="parked", first=10)] == [older]
    await runtime.store["outbox"].update_one({"_id": older}, {"$set": {"version": 1}})
    assert await operator.retry_parked(runtime, ids=[older, beside], now=NOON) == (1, [beside])
    assert await deliver_all_due(runtime, new_delivery_worker(pushes)) == 1
    assert (await load_outbox_row(runtime, older)).state == "done"


async def test_a_member_who_cannot_be_read_parks_their_own_rows_alone(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await join(runtime, "rui", at=NOON)
    ids = [
        await record_event(runtime, "visited", member, place="Baixa", people=1) for member in ("ana", "rui")
    ]
    await runtime.store["members"].update_one({"_id": "ana"}, {"$unset": {"ledger": ""}})
    await deliver_all_due(runtime, new_delivery_worker())
    left = [await load_outbox_row(runtime, id) for id in ids]
    assert [(one.state, one.error) for one in left] == [("parked", "fault: KeyError"), ("done", "")]


async def test_a_mailbox_that_cannot_be_read_keeps_no_push_back(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await join(runtime, "rui", at=NOON)
    for member in ("ana", "rui"):
        await register_phone(runtime, member, token=member)
        await change_details(runtime, member, news=True)
        await record_event(runtime, "sold", member)
    await runtime.store["mailboxes"].insert_one({"_id": "ana"})
    pushes = RecordingPushSender()
    assert await deliver_all_due(runtime, new_delivery_worker(pushes)) == 2
    assert sorted((one.address.value, one.badge) for one in pushes.sent) == [("ana", None), ("rui", 0)]
