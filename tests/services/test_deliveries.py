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
from tests.houses import join
from tests.services.post import (
    LOUD,
    NIGHT,
    NOON,
    Mails,
    Pushes,
    Texts,
    happens,
    loud,
    phone,
    post_of,
    row,
    say,
    states,
    works,
)


@dataclass
class Slow(Pushes):
    """Takes its time over each batch."""

    seconds: float = 0

    async def send(self, batch: Sequence[PushMessage], *, now: datetime) -> Sequence[SendResult]:
        await asyncio.sleep(self.seconds)
        return await super().send(batch, now=now)


async def test_a_message_reaches_each_device_once_and_lies_in_the_inbox(database: Database) -> None:
    house = await loud(database)
    await phone(house, token="token-1")
    await phone(house, token="token-2")
    pushes = Pushes()
    id = await happens(house, "visited", place="Baixa", people=1200)
    assert await works(house, post_of(pushes)) == 2
    assert sorted(one.address.value for one in pushes.got) == ["token-1", "token-2"]
    assert {(one.title, one.body, one.link, one.badge) for one in pushes.got} == {
        ("Thanks, Ana", "1,200 came, 0 points", "app://places/Baixa", 1)
    }
    assert len({one.collapse_key for one in pushes.got}) == 1
    assert (await row(house, id)).state == "done"
    box = await inbox.list_letters(house, member_id="ana", first=20)
    assert [(one.id, one.number, one.code, one.read_at) for one in box.letters] == [(id, 1, "thanks", None)]
    assert box.unread_count == 1
    assert await works(house, post_of(pushes)) == 0


async def test_it_speaks_the_language_that_the_member_reads_when_it_is_sent(database: Database) -> None:
    house = await loud(database)
    await phone(house)
    await happens(house, "visited", place="Baixa", people=2)
    await say(house, locale="pt")
    pushes = Pushes()
    await works(house, post_of(pushes))
    assert [(one.title, one.body) for one in pushes.got] == [("Obrigado, Ana", "Vieram 2, 0 pontos")]


async def test_without_senders_the_inbox_has_it_and_the_rest_is_skipped(database: Database) -> None:
    house = await loud(database)
    id = await happens(house, "mailed")
    assert await works(house, post_of()) == 0
    assert await states(house, id) == [("email", "skipped", "email_off"), ("sms", "skipped", "sms_off")]
    assert (await row(house, id)).state == "done"
    assert (await inbox.find_mailbox(house, member_id="ana")).unread_count == 1


async def test_e_mail_and_text_message_go_where_the_member_said(database: Database) -> None:
    house = await loud(database)
    await say(house)
    mails, texts = Mails(), Texts()
    await happens(house, "mailed")
    assert await works(house, post_of(mail=mails, sms=texts)) == 2
    assert [(one.to, one.subject, one.text, one.unsubscribe) for one in mails.got] == [
        ("ana@shop.example", "Letter", "Read me", None)
    ]
    assert [(one.to, one.text) for one in texts.got] == [("+351912345678", "Letter\nRead me")]


async def test_a_consent_withdrawn_before_the_sending_stops_it_and_the_operator_sees_why(
    database: Database,
) -> None:
    house = await loud(database)
    await phone(house)
    await say(house, news=True)
    id = await happens(house, "sold")
    await say(house, news=False)
    pushes, mails = Pushes(), Mails()
    assert await works(house, post_of(pushes, mail=mails)) == 0
    assert (pushes.got, mails.got) == ([], [])
    found = await outbox.find_by_state(house.store, "dropped", first=10)
    assert [(one.id, one.state, one.error) for one in found] == [(id, "dropped", "no_consent")]


async def test_a_consent_withdrawn_while_it_waits_to_be_tried_again_stops_it_too(database: Database) -> None:
    house = await loud(database)
    await phone(house)
    await say(house, news=True)
    id = await happens(house, "sold")
    pushes = Pushes(says=lambda one: SendResult("retry", "HTTP 503"))
    await works(house, post_of(pushes, mail=Mails()))
    await say(house, news=False)
    await works(house, post_of(pushes), now=NOON + timedelta(minutes=1))
    assert len(pushes.got) == 1
    assert await states(house, id) == [("push", "dropped", "no_consent"), ("email", "sent", "")]


async def test_at_night_the_inbox_has_it_and_the_phone_rings_in_the_morning(database: Database) -> None:
    house = await loud(database)
    id = await happens(house, "rained", at=NIGHT)
    pushes = Pushes()
    await works(house, post_of(pushes), now=NIGHT)
    assert pushes.got == []
    assert (await inbox.find_mailbox(house, member_id="ana")).unread_count == 1
    await phone(house)  # also a phone that was registered meanwhile
    due, morning = (await row(house, id)).due_at, NIGHT + timedelta(hours=9)
    assert morning <= due < morning + timedelta(minutes=15)
    assert await works(house, post_of(pushes), now=due - timedelta(milliseconds=1)) == 0
    assert await works(house, post_of(pushes), now=due) == 1


async def test_a_member_who_moved_zones_is_woken_by_neither(database: Database) -> None:
    house = await loud(database)
    await phone(house)
    id = await happens(house, "rained", at=NIGHT)
    await works(house, post_of(Pushes()), now=NIGHT)
    due = (await row(house, id)).due_at  # eight in Lisbon
    await say(house, zone="America/New_York")  # where it is three then
    pushes = Pushes()
    assert await works(house, post_of(pushes), now=due) == 0
    moved = (await row(house, id)).due_at
    assert NIGHT + timedelta(hours=14) <= moved < NIGHT + timedelta(hours=14, minutes=15)
    assert await works(house, post_of(pushes), now=moved) == 1


async def test_a_later_one_takes_the_place_of_one_not_delivered_yet_and_the_inbox_keeps_both(
    database: Database,
) -> None:
    house = await loud(database)
    await phone(house)
    first = await happens(house, "rained", at=NIGHT)
    await works(house, post_of(Pushes()), now=NIGHT)
    second = await happens(house, "rained", at=NIGHT + timedelta(hours=1))
    pushes = Pushes()
    await works(house, post_of(pushes), now=NIGHT + timedelta(hours=1))
    morning = NIGHT + timedelta(hours=9, minutes=20)
    assert await works(house, post_of(pushes), now=morning) == 1
    assert [one.id.partition("/")[0] for one in pushes.got] == [second]
    assert pushes.got[0].collapse_key == "weather"
    assert await states(house, first) == [("push", "dropped", "collapsed")]
    assert [one.id for one in (await inbox.list_letters(house, member_id="ana", first=20)).letters] == [
        second,
        first,
    ]


async def test_two_that_are_due_together_leave_as_the_later_one(database: Database) -> None:
    house = await loud(database)
    await phone(house)
    await happens(house, "rained")
    second = await happens(house, "rained")
    pushes = Pushes()
    assert await works(house, post_of(pushes)) == 1
    assert [one.id.partition("/")[0] for one in pushes.got] == [second]


async def test_one_that_comes_too_soon_takes_nobodys_place(database: Database) -> None:
    house = await loud(database, LOUD.replace("collapse: weather,", "collapse: weather, once: {days: 7},"))
    await phone(house)
    first, second = await happens(house, "rained"), await happens(house, "rained")
    pushes = Pushes()
    assert await works(house, post_of(pushes)) == 1
    assert [one.id.partition("/")[0] for one in pushes.got] == [first]
    assert [(await row(house, id)).error for id in (first, second)] == ["", "once"]


async def test_there_is_no_second_of_its_kind_within_its_days(database: Database) -> None:
    house = await loud(database)
    for days in (0, 3, 6):
        await happens(house, "nudged", at=NOON + timedelta(days=days))
        await works(house, post_of(), now=NOON + timedelta(days=days))
    again = await happens(house, "nudged", at=NOON + timedelta(days=7))
    await works(house, post_of(), now=NOON + timedelta(days=7))
    letters = (await inbox.list_letters(house, member_id="ana", first=20)).letters
    assert [(one.number, one.sent_at) for one in letters] == [(2, NOON + timedelta(days=7)), (1, NOON)]
    assert letters[0].id == again
    assert sorted(one.error for one in await outbox.find_by_state(house.store, "dropped", first=10)) == [
        "once",
        "once",
    ]


async def test_what_fails_is_tried_again_ever_later_then_parked_with_its_error_until_an_operator_says_so(
    database: Database,
) -> None:
    house = await loud(database)
    await phone(house)
    id = await happens(house, "visited", place="Baixa", people=2)
    pushes = Pushes(says=lambda one: SendResult("retry", "HTTP 500"))
    now, waits = NOON, []
    for _ in range(8):
        await works(house, post_of(pushes), now=now)
        waits.append((await row(house, id)).due_at - now)
        now = (await row(house, id)).due_at
    assert [
        timedelta(seconds=10 * 2**n) <= wait <= timedelta(seconds=12.5 * 2**n)
        for n, wait in enumerate(waits[:7])
    ] == [True] * 7
    assert len(pushes.got) == 8
    assert [(one.id, one.error) for one in await outbox.find_by_state(house.store, "parked", first=10)] == [
        (id, "HTTP 500")
    ]
    assert await works(house, post_of(pushes), now=now + timedelta(days=1)) == 0
    assert len(pushes.got) == 8
    pushes.says = lambda one: SendResult("sent")
    assert await outbox.retry(house.store, id, now=now)
    assert await works(house, post_of(pushes), now=now) == 1
    assert (await row(house, id)).state == "done"
    assert (await inbox.find_mailbox(house, member_id="ana")).letter_count == 1


async def test_retry_after_is_obeyed(database: Database) -> None:
    house = await loud(database)
    await phone(house)
    id = await happens(house, "visited", place="Baixa", people=2)
    await works(
        house, post_of(Pushes(says=lambda one: SendResult("retry", "HTTP 503", timedelta(minutes=10))))
    )
    assert timedelta(minutes=10) <= (await row(house, id)).due_at - NOON <= timedelta(minutes=12.5)


@pytest.mark.parametrize(
    ("verdict", "rest"), [("pause", timedelta(seconds=60)), ("break", timedelta(minutes=5))]
)
async def test_a_sender_that_rests_is_asked_nothing_and_no_attempt_is_counted(
    database: Database, verdict: str, rest: timedelta
) -> None:
    house = await loud(database)
    await phone(house)
    pushes = Pushes(says=lambda one: SendResult("pause" if verdict == "pause" else "break", "QUOTA"))
    post = post_of(pushes)
    id = await happens(house, "visited", place="Baixa", people=2)
    await works(house, post)
    other = await happens(house, "visited", place="Chiado", people=3, at=NOON + timedelta(seconds=1))
    await works(house, post, now=NOON + timedelta(seconds=1))
    assert len(pushes.got) == 1
    deliveries = [one for each in (id, other) for one in (await row(house, each)).deliveries or ()]
    assert [(one.state, one.attempts) for one in deliveries] == [("pending", 0), ("pending", 0)]
    assert rest <= (await row(house, id)).due_at - NOON <= rest + timedelta(seconds=5)
    pushes.says = lambda one: SendResult("sent")
    assert await works(house, post, now=NOON + rest + timedelta(seconds=6)) == 2


async def test_what_a_slow_sender_leaves_no_time_for_waits_for_the_next_round_and_counts_as_no_attempt(
    database: Database,
) -> None:
    house = await loud(database)
    for at in range(60):
        await phone(house, token=f"token-{at:02}")
    id = await happens(house, "visited", place="Baixa", people=2)
    pushes = Slow(seconds=1)
    post = post_of(pushes, lease=timedelta(seconds=1.5))
    assert (await run_round(house, post, now=NOON)).sent_count == 50
    assert (await row(house, id)).state == "pending"
    waiting = [one for one in (await row(house, id)).deliveries or () if one.state == "pending"]
    assert [(one.reason, one.attempts) for one in waiting] == [("next round", 0)] * 10
    assert (await run_round(house, post, now=NOON + timedelta(seconds=6))).sent_count == 10
    assert (await row(house, id)).state == "done"
    assert len({one.address.value for one in pushes.got}) == len(pushes.got) == 60


async def test_a_token_that_reaches_nobody_is_forgotten_and_the_others_are_not(database: Database) -> None:
    house = await loud(database)
    await phone(house, token="gone")
    await phone(house, token="here")

    def says(one: PushMessage) -> SendResult:
        return (
            SendResult("drop_device", "UNREGISTERED") if one.address.value == "gone" else SendResult("sent")
        )

    id = await happens(house, "visited", place="Baixa", people=2)
    await works(house, post_of(Pushes(says=says)))
    assert sorted(await states(house, id)) == [("push", "dropped", "UNREGISTERED"), ("push", "sent", "")]
    left = await push_addresses.find_by_members(house.store, ["ana"])
    assert [one.token for one in left["ana"]] == ["here"]


async def test_a_device_is_forgotten_at_the_third_message_that_it_makes_impossible(
    database: Database,
) -> None:
    house = await loud(database)
    await phone(house)
    post = post_of(Pushes(says=lambda one: SendResult("drop_message", "INVALID_ARGUMENT")))
    left = []
    for _ in range(3):
        await happens(house, "visited", place="Baixa", people=2)
        await works(house, post)
        left.append(len((await push_addresses.find_by_members(house.store, ["ana"])).get("ana", ())))
    assert left == [1, 1, 0]


async def test_where_every_device_is_another_projects_none_is_forgotten(database: Database) -> None:
    house = await loud(database)
    for token in ("a", "b", "c"):
        await phone(house, token=token)
    await happens(house, "visited", place="Baixa", people=2)
    await works(house, post_of(Pushes(says=lambda one: SendResult("drop_device", "SENDER_ID_MISMATCH"))))
    assert len((await push_addresses.find_by_members(house.store, ["ana"]))["ana"]) == 3


async def test_a_phone_silent_for_sixty_days_gets_no_push(database: Database) -> None:
    house = await loud(database)
    await phone(house, at=NOON - timedelta(days=60))
    id = await happens(house, "visited", place="Baixa", people=2)
    assert await works(house, post_of(Pushes())) == 0
    assert await states(house, id) == [("push", "skipped", "no_device")]


async def test_what_nobody_can_do_is_parked_and_says_so(database: Database) -> None:
    house = await loud(database)
    id = await happens(house, "hooked")
    await works(house, post_of())
    found = await row(house, id)
    assert (found.state, found.error) == ("parked", 'SELO_WEBHOOKS names no "shop"')


async def test_a_sender_that_fails_whole_is_tried_again(database: Database) -> None:
    house = await loud(database)
    await phone(house)
    id = await happens(house, "visited", place="Baixa", people=2)

    def breaks(one: PushMessage) -> SendResult:
        raise ConnectionError("cut")

    await works(house, post_of(Pushes(says=breaks)))
    assert await states(house, id) == [("push", "pending", "ConnectionError")]


async def test_a_row_that_cannot_be_read_is_parked_with_its_fault_and_the_rest_goes_on(
    database: Database,
) -> None:
    house = await loud(database)
    await phone(house)
    await join(house, "rui", at=NOON)
    older = await happens(house, "visited", place="Baixa", people=1)
    beside = await happens(house, "visited", place="Baixa", people=2)
    other = await happens(house, "visited", "rui", place="Baixa", people=3)
    await house.store["outbox"].update_one({"_id": older}, {"$unset": {"version": ""}})
    pushes = Pushes()
    assert await works(house, post_of(pushes)) == 1
    assert [(await row(house, id)).state for id in (beside, other)] == ["done", "done"]
    assert (await inbox.find_mailbox(house, member_id="ana")).letter_count == 1
    shown = await operator.list_queue(house, state="parked", first=10)
    assert [(one.id, one.description, one.attempts, one.error) for one in shown] == [
        (older, "message thanks", 0, "unreadable: KeyError")
    ]
    assert await operator.retry_parked(house, ids=[], now=NOON) == (1, [])
    assert await operator.list_queue(house, state="parked", first=10) == []
    await works(house, post_of(pushes))  # which this version cannot read now either
    assert [one.id for one in await operator.list_queue(house, state="parked", first=10)] == [older]
    await house.store["outbox"].update_one({"_id": older}, {"$set": {"version": 1}})
    assert await operator.retry_parked(house, ids=[older, beside], now=NOON) == (1, [beside])
    assert await works(house, post_of(pushes)) == 1
    assert (await row(house, older)).state == "done"


async def test_a_member_who_cannot_be_read_parks_their_own_rows_alone(database: Database) -> None:
    house = await loud(database)
    await join(house, "rui", at=NOON)
    ids = [await happens(house, "visited", member, place="Baixa", people=1) for member in ("ana", "rui")]
    await house.store["members"].update_one({"_id": "ana"}, {"$unset": {"ledger": ""}})
    await works(house, post_of())
    left = [await row(house, id) for id in ids]
    assert [(one.state, one.error) for one in left] == [("parked", "fault: KeyError"), ("done", "")]


async def test_a_mailbox_that_cannot_be_read_keeps_no_push_back(database: Database) -> None:
    house = await loud(database)
    await join(house, "rui", at=NOON)
    for member in ("ana", "rui"):
        await phone(house, member, token=member)
        await say(house, member, news=True)
        await happens(house, "sold", member)
    await house.store["mailboxes"].insert_one({"_id": "ana"})
    pushes = Pushes()
    assert await works(house, post_of(pushes)) == 2
    assert sorted((one.address.value, one.badge) for one in pushes.got) == [("ana", None), ("rui", 0)]


async def test_two_workers_claim_no_message_both(database: Database) -> None:
    house = await loud(database)
    await phone(house)
    for people in range(55):
        await happens(house, "visited", place="Baixa", people=people)
    pushes = [Pushes(), Pushes()]
    posts = [post_of(each) for each in pushes]
    for _ in range(4):
        await asyncio.gather(*(run_round(house, post, now=NOON) for post in posts))
    ids = [one.id for each in pushes for one in each.got]
    assert len(ids) == len(set(ids)) == 55
    assert (await inbox.find_mailbox(house, member_id="ana")).letter_count == 55


async def test_marking_read_counts_each_letter_once_and_only_ones_own(database: Database) -> None:
    house = await loud(database)
    ids = [await happens(house, "visited", place="Baixa", people=n) for n in range(3)]
    await works(house, post_of())
    assert await inbox.mark_read(house, member_id="ana", letter_ids=ids[:2], now=NOON) == 1
    assert await inbox.mark_read(house, member_id="ana", letter_ids=ids[:2], now=NOON) == 1
    with pytest.raises(NotFound):
        await inbox.mark_read(house, member_id="rui", letter_ids=ids[2:], now=NOON)
    assert (await inbox.find_mailbox(house, member_id="ana")).unread_count == 1
    opened = await inbox.list_letters(house, member_id="ana", first=2)
    assert ([one.number for one in opened.letters], opened.has_more) == ([3, 2], True)
    older = await inbox.list_letters(house, member_id="ana", first=2, before=2)
    assert ([one.number for one in older.letters], older.has_more) == ([1], False)
