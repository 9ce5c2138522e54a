"""Delivery of the outbox: once each, in the member's language, never at night, never without consent, never
lost.
"""

import asyncio
from datetime import timedelta

import pytest

from domain.services.errors import NotFound
from domain.services.messages import inbox
from domain.services.messages.delivery_rounds import run_round
from domain.services.senders import SendResult
from domain.store.connect import Database
from domain.store.messages import outbox
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


async def test_a_message_reaches_each_device_once_and_lies_in_the_inbox(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime, token="token-1")
    await register_phone(runtime, token="token-2")
    pushes = RecordingPushSender()
    id = await record_event(runtime, "visited", place="Baixa", people=1200)
    assert await deliver_all_due(runtime, new_delivery_worker(pushes)) == 2
    assert sorted(one.address.value for one in pushes.sent) == ["token-1", "token-2"]
    assert {(one.title, one.body, one.link, one.badge) for one in pushes.sent} == {
        ("Thanks, Ana", "1,200 came, 0 points", "app://places/Baixa", 1)
    }
    assert {one.collapse_key for one in pushes.sent} == {None}
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
    assert [(one.title, one.body) for one in pushes.sent] == [("Obrigado, Ana", "Vieram 2, 0 pontos")]


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
    assert (pushes.sent, mails.got) == ([], [])
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
    assert len(pushes.sent) == 1
    assert await delivery_states(runtime, id) == [("push", "dropped", "no_consent"), ("email", "sent", "")]


async def test_a_message_goes_by_the_channels_alone_that_the_member_agreed_to(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    await change_details(runtime, news=True, news_channels=("push",))
    id = await record_event(runtime, "sold")
    pushes, mails = RecordingPushSender(), RecordingMailSender()
    await deliver_all_due(runtime, new_delivery_worker(pushes, mail=mails))
    assert (len(pushes.sent), mails.got) == (1, [])
    assert await delivery_states(runtime, id) == [("push", "sent", ""), ("email", "skipped", "no_consent")]


async def test_at_night_the_inbox_has_it_and_the_phone_rings_in_the_morning(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    id = await record_event(runtime, "rained", at=NIGHT)
    pushes = RecordingPushSender()
    await deliver_all_due(runtime, new_delivery_worker(pushes), now=NIGHT)
    assert pushes.sent == []
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
    assert [one.id.partition("/")[0] for one in pushes.sent] == [second]
    assert pushes.sent[0].collapse_key == "weather"
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
    assert [one.id.partition("/")[0] for one in pushes.sent] == [second]


async def test_one_that_comes_too_soon_takes_nobodys_place(database: Database) -> None:
    runtime = await open_loud_runtime(
        database, LOUD.replace("collapse: weather,", "collapse: weather, once: {days: 7},")
    )
    await register_phone(runtime)
    first, second = await record_event(runtime, "rained"), await record_event(runtime, "rained")
    pushes = RecordingPushSender()
    assert await deliver_all_due(runtime, new_delivery_worker(pushes)) == 1
    assert [one.id.partition("/")[0] for one in pushes.sent] == [first]
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


async def test_two_workers_claim_no_message_both(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    for people in range(55):
        await record_event(runtime, "visited", place="Baixa", people=people)
    pushes = [RecordingPushSender(), RecordingPushSender()]
    posts = [new_delivery_worker(each) for each in pushes]
    for _ in range(4):
        await asyncio.gather(*(run_round(runtime, worker, now=NOON) for worker in posts))
    ids = [one.id for each in pushes for one in each.sent]
    assert len(ids) == len(set(ids)) == 55
    assert (await inbox.find_mailbox(runtime, member_id="ana")).letter_count == 55


async def test_marking_read_counts_each_letter_once_and_only_ones_own(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    ids = [await record_event(runtime, "visited", place="Baixa", people=n) for n in range(3)]
    await deliver_all_due(runtime, new_delivery_worker())
    assert (await inbox.mark_read(runtime, member_id="ana", letter_ids=ids[:2], now=NOON)).unread_count == 1
    assert (await inbox.mark_read(runtime, member_id="ana", letter_ids=ids[:2], now=NOON)).unread_count == 1
    with pytest.raises(NotFound):
        await inbox.mark_read(runtime, member_id="rui", letter_ids=ids[2:], now=NOON)
    assert (await inbox.find_mailbox(runtime, member_id="ana")).unread_count == 1
    opened = await inbox.list_letters(runtime, member_id="ana", first=2)
    assert ([one.number for one in opened.letters], opened.has_more) == ([3, 2], True)
    older = await inbox.list_letters(runtime, member_id="ana", first=2, before=2)
    assert ([one.number for one in older.letters], older.has_more) == ([1], False)
