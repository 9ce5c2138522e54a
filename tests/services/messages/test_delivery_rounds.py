"""The outbox delivered: once each, in the member's language, never at night, never without consent, never
lost.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from domain.services.errors import NotFound
from domain.services.messages import inbox
from domain.services.messages import outbox as operator
from domain.services.messages.delivery_rounds import run_round
from domain.services.senders import PushMessage, SendResult
from domain.store.connect import Database
from domain.store.messages import outbox, push_addresses
from tests.loud_runtime import (
    LOUD,
    NIGHT,
    NOON,
    RecordingMailSender,
    RecordingPushSender,
    RecordingSmsSender,
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
    """Takes its time over each batch."""

    seconds: float = 0

    async def send(self, batch: Sequence[PushMessage], *, now: datetime) -> Sequence[SendResult]:
        await asyncio.sleep(self.seconds)
        return await super().send(batch, now=now)


async def test_a_message_reaches_each_device_once_and_lies_in_the_inbox(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime, token="token-1")
    await register_phone(runtime, token="token-2")
    pushes = RecordingPushSender()
    id = await record_event(runtime, "visited", place="Baixa", people=1200)
    assert await deliver_all_due(runtime, new_delivery_worker(pushes)) == 2
    assert sorted(one.address.value for one in pushes.batch_log) == ["token-1", "token-2"]
    assert {(one.title, one.body, one.link, one.badge) for one in pushes.batch_log} == {
        ("Thanks, Ana", "1,200 came, 0 points", "app://places/Baixa", 1)
    }
    assert len({one.collapse_key for one in pushes.batch_log}) == 1
    assert (await load_outbox_row(runtime, id)).state == "done"
    box = await inbox.list_letters(runtime, member_id="ana", first=20)
    assert [(one.id, one.number, one.code, one.read_at) for one in box.letters] == [(id, 1, "thanks", None)]
    assert box.unread_count == 1
    assert await deliver_all_due(runtime, new_delivery_worker(pushes)) == 0


async def test_it_speaks_the_language_that_the_member_reads_when_it_is_sent(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    await record_event(runtime, "visited", place="Baixa", people=2)
    await change_details(runtime, locale="pt")
    pushes = RecordingPushSender()
    await deliver_all_due(runtime, new_delivery_worker(pushes))
    assert [(one.title, one.body) for one in pushes.batch_log] == [("Obrigado, Ana", "Vieram 2, 0 pontos")]


async def test_without_senders_the_inbox_has_it_and_the_rest_is_skipped(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    id = await record_event(runtime, "mailed")
    assert await deliver_all_due(runtime, new_delivery_worker()) == 0
    assert await delivery_states(runtime, id) == [
        ("email", "skipped", "email_off"),
        ("sms", "skipped", "sms_off"),
    ]
    assert (await load_outbox_row(runtime, id)).state == "done"
    assert (await inbox.find_mailbox(runtime, member_id="ana")).unread_count == 1


async def test_e_mail_and_text_message_go_where_the_member_said(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await change_details(runtime)
    mails, texts = RecordingMailSender(), RecordingSmsSender()
    await record_event(runtime, "mailed")
    assert await deliver_all_due(runtime, new_delivery_worker(mail=mails, sms=texts)) == 2
    assert [(one.to, one.subject, one.text, one.unsubscribe) for one in mails.got] == [
        ("ana@shop.example", "Letter", "Read me", None)
    ]
    assert [(one.to, one.text) for one in texts.got] == [("+351912345678", "Letter\nRead me")]


async def test_a_consent_withdrawn_before_the_sending_stops_it_and_the_operator_sees_why(
    database: Database,
) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    await change_details(runtime, news=True)
    id = await record_event(runtime, "sold")
    await change_details(runtime, news=False)
    pushes, mails = RecordingPushSender(), RecordingMailSender()
    assert await deliver_all_due(runtime, new_delivery_worker(pushes, mail=mails)) == 0
    assert (pushes.batch_log, mails.got) == ([], [])
    rows = await outbox.find_by_state(runtime.store, "dropped", first=10)
    assert [(one.id, one.state, one.error) for one in rows] == [(id, "dropped", "no_consent")]


async def test_a_consent_withdrawn_while_it_waits_to_be_tried_again_stops_it_too(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    await change_details(runtime, news=True)
    id = await record_event(runtime, "sold")
    pushes = RecordingPushSender(answer=lambda message: SendResult("retry", "HTTP 503"))
    await deliver_all_due(runtime, new_delivery_worker(pushes, mail=RecordingMailSender()))
    await change_details(runtime, news=False)
    await deliver_all_due(runtime, new_delivery_worker(pushes), now=NOON + timedelta(minutes=1))
    assert len(pushes.batch_log) == 1
    assert await delivery_states(runtime, id) == [("push", "dropped", "no_consent"), ("email", "sent", "")]


async def test_at_night_the_inbox_has_it_and_the_phone_rings_in_the_morning(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    id = await record_event(runtime, "rained", at=NIGHT)
    pushes = RecordingPushSender()
    await deliver_all_due(runtime, new_delivery_worker(pushes), now=NIGHT)
    assert pushes.batch_log == []
    assert (await inbox.find_mailbox(runtime, member_id="ana")).unread_count == 1
    await register_phone(runtime)  # also a phone that was registered meanwhile
    due, morning = (await load_outbox_row(runtime, id)).due_at, NIGHT + timedelta(hours=9)
    assert morning <= due < morning + timedelta(minutes=15)
    assert (
        await deliver_all_due(runtime, new_delivery_worker(pushes), now=due - timedelta(milliseconds=1)) == 0
    )
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=due) == 1


async def test_a_member_who_moved_zones_is_woken_by_neither(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    id = await record_event(runtime, "rained", at=NIGHT)
    await deliver_all_due(runtime, new_delivery_worker(RecordingPushSender()), now=NIGHT)
    due = (await load_outbox_row(runtime, id)).due_at  # eight in Lisbon
    await change_details(runtime, zone="America/New_York")  # where it is three then
    pushes = RecordingPushSender()
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=due) == 0
    moved = (await load_outbox_row(runtime, id)).due_at
    assert NIGHT + timedelta(hours=14) <= moved < NIGHT + timedelta(hours=14, minutes=15)
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=moved) == 1


async def test_a_later_one_takes_the_place_of_one_not_delivered_yet_and_the_inbox_keeps_both(
    database: Database,
) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    first = await record_event(runtime, "rained", at=NIGHT)
    await deliver_all_due(runtime, new_delivery_worker(RecordingPushSender()), now=NIGHT)
    second = await record_event(runtime, "rained", at=NIGHT + timedelta(hours=1))
    pushes = RecordingPushSender()
    await deliver_all_due(runtime, new_delivery_worker(pushes), now=NIGHT + timedelta(hours=1))
    morning = NIGHT + timedelta(hours=9, minutes=20)
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=morning) == 1
    assert [one.id.partition("/")[0] for one in pushes.batch_log] == [second]
    assert pushes.batch_log[0].collapse_key == "weather"
    assert await delivery_states(runtime, first) == [("push", "dropped", "collapsed")]
    assert [one.id for one in (await inbox.list_letters(runtime, member_id="ana", first=20)).letters] == [
        second,
        first,
    ]


async def test_two_that_are_due_together_leave_as_the_later_one(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    await record_event(runtime, "rained")
    second = await record_event(runtime, "rained")
    pushes = RecordingPushSender()
    assert await deliver_all_due(runtime, new_delivery_worker(pushes)) == 1
    assert [one.id.partition("/")[0] for one in pushes.batch_log] == [second]


async def test_one_that_comes_too_soon_takes_nobodys_place(database: Database) -> None:
    runtime = await open_loud_runtime(
        database, LOUD.replace("collapse: weather,", "collapse: weather, once: {days: 7},")
    )
    await register_phone(runtime)
    first, second = await record_event(runtime, "rained"), await record_event(runtime, "rained")
    pushes = RecordingPushSender()
    assert await deliver_all_due(runtime, new_delivery_worker(pushes)) == 1
    assert [one.id.partition("/")[0] for one in pushes.batch_log] == [first]
    assert [(await load_outbox_row(runtime, id)).error for id in (first, second)] == ["", "once"]


async def test_there_is_no_second_of_its_kind_within_its_days(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    for days in (0, 3, 6):
        await record_event(runtime, "nudged", at=NOON + timedelta(days=days))
        await deliver_all_due(runtime, new_delivery_worker(), now=NOON + timedelta(days=days))
    again = await record_event(runtime, "nudged", at=NOON + timedelta(days=7))
    await deliver_all_due(runtime, new_delivery_worker(), now=NOON + timedelta(days=7))
    letters = (await inbox.list_letters(runtime, member_id="ana", first=20)).letters
    assert [(one.number, one.sent_at) for one in letters] == [(2, NOON + timedelta(days=7)), (1, NOON)]
    assert letters[0].id == again
    assert sorted(one.error for one in await outbox.find_by_state(runtime.store, "dropped", first=10)) == [
        "once",
        "once",
    ]


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
    assert len(pushes.batch_log) == 8
    assert [
        (message.id, message.error)
        for message in await outbox.find_by_state(runtime.store, "parked", first=10)
    ] == [(id, "HTTP 500")]
    assert await deliver_all_due(runtime, new_delivery_worker(pushes), now=now + timedelta(days=1)) == 0
    assert len(pushes.batch_log) == 8
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
    assert len(pushes.batch_log) == 1
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
    assert len({one.address.value for one in pushes.batch_log}) == len(pushes.batch_log) == 60


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
    assert sorted((one.address.value, one.badge) for one in pushes.batch_log) == [("ana", None), ("rui", 0)]


async def test_two_workers_claim_no_message_both(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    for people in range(55):
        await record_event(runtime, "visited", place="Baixa", people=people)
    pushes = [RecordingPushSender(), RecordingPushSender()]
    posts = [new_delivery_worker(each) for each in pushes]
    for _ in range(4):
        await asyncio.gather(*(run_round(runtime, worker, now=NOON) for worker in posts))
    ids = [one.id for each in pushes for one in each.batch_log]
    assert len(ids) == len(set(ids)) == 55
    assert (await inbox.find_mailbox(runtime, member_id="ana")).letter_count == 55


async def test_marking_read_counts_each_letter_once_and_only_ones_own(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    ids = [await record_event(runtime, "visited", place="Baixa", people=n) for n in range(3)]
    await deliver_all_due(runtime, new_delivery_worker())
    assert await inbox.mark_read(runtime, member_id="ana", letter_ids=ids[:2], now=NOON) == 1
    assert await inbox.mark_read(runtime, member_id="ana", letter_ids=ids[:2], now=NOON) == 1
    with pytest.raises(NotFound):
        await inbox.mark_read(runtime, member_id="rui", letter_ids=ids[2:], now=NOON)
    assert (await inbox.find_mailbox(runtime, member_id="ana")).unread_count == 1
    opened = await inbox.list_letters(runtime, member_id="ana", first=2)
    assert ([one.number for one in opened.letters], opened.has_more) == ([3, 2], True)
    older = await inbox.list_letters(runtime, member_id="ana", first=2, before=2)
    assert ([one.number for one in older.letters], older.has_more) == ([1], False)
