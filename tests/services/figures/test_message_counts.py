"""Messages in figures: sent, read, without consent; each once, and kept when figures are made again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.services.errors import NotFound
from domain.services.figures.message_counts import count_messages
from domain.services.figures.rebuilding import rebuild
from domain.services.messages import inbox
from domain.services.senders import SENT, SendResult
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from domain.store.messages import outbox
from tests.folding import fold_waiting
from tests.loud_runtime import (
    NOON,
    RecordingMailSender,
    RecordingPushSender,
    change_details,
    deliver_all_due,
    new_delivery_worker,
    open_loud_runtime,
    record_event,
    register_phone,
)
from tests.services.figures.figure_sums import all_figures, day_sums
from tests.small_runtime import join


async def test_a_message_is_counted_once_as_sent_and_once_as_read(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    id = await record_event(runtime, "visited", place="Baixa", people=2)
    holder, day = LeaseHolder(lambda: NOON), NOON.date().isoformat()
    assert await count_messages(runtime, holder) == 0
    await deliver_all_due(runtime, new_delivery_worker())
    assert await count_messages(runtime, holder) == 1
    assert await count_messages(runtime, holder) == 0
    later = NOON + timedelta(minutes=5)
    await inbox.mark_read(runtime, member_id="ana", letter_ids=[id], now=later)
    assert await count_messages(runtime, holder) == 1
    await fold_waiting(runtime, holder, now=later)
    counted = await day_sums(runtime, day)
    assert [counted[f"messages.thanks.{name}"] for name in ("promised", "sent", "opened")] == [1, 1, 1]
    before = await all_figures(runtime)
    await rebuild(runtime, LeaseHolder(lambda: later))
    assert await all_figures(runtime) == before


async def test_a_tap_is_counted_once_whether_it_was_read_before_or_not(database: Database) -> None:
    runtime = await open_loud_runtime(database)
    ids = [await record_event(runtime, "visited", place="Baixa", people=count) for count in (2, 3, 4)]
    holder, day = LeaseHolder(lambda: NOON), NOON.date().isoformat()
    await deliver_all_due(runtime, new_delivery_worker())
    await count_messages(runtime, holder)
    later = NOON + timedelta(minutes=5)

    async def mark(*letters: str, is_clicked: bool) -> int:
        marked = await inbox.mark_read(
            runtime, member_id="ana", letter_ids=letters, is_clicked=is_clicked, now=later
        )
        return marked.unread_count

    assert await mark(ids[0], is_clicked=False) == 2
    assert await count_messages(runtime, holder) == 1
    await mark(ids[0], is_clicked=True)  # read, and that is counted
    await mark(ids[1], is_clicked=False)
    await mark(ids[1], is_clicked=True)  # read, and that is not counted yet
    assert await mark(ids[2], is_clicked=True) == 0  # tapped as a push, so it is read
    await mark(*ids, is_clicked=True)
    assert await count_messages(runtime, holder) == 3
    assert await count_messages(runtime, holder) == 0
    counted = await day_sums(runtime, day)
    assert [counted[f"messages.thanks.{name}"] for name in ("sent", "opened", "clicked")] == [3, 3, 3]
    assert await mark(*ids, is_clicked=False) == 0
    assert await count_messages(runtime, holder) == 0


@pytest.mark.parametrize("counts_between", [True, False])
async def test_a_message_that_failed_and_was_sent_again_has_the_last_fate_alone(
    database: Database, counts_between: bool
) -> None:
    runtime = await open_loud_runtime(database)
    await register_phone(runtime)
    id = await record_event(runtime, "visited", place="Baixa", people=2)
    pushes = RecordingPushSender(answer=lambda message: SendResult("retry", "HTTP 500"))
    holder, now, day = LeaseHolder(lambda: NOON), NOON, NOON.date().isoformat()

    async def send_until_settled() -> None:
        nonlocal now
        while (row := await outbox.find(runtime.store, id)) is not None and row.state == "pending":
            now = max(now, row.due_at)
            await deliver_all_due(runtime, new_delivery_worker(pushes), now=now)

    for _ in range(2):  # it fails, is sent again, and fails again
        await send_until_settled()
        if counts_between:
            assert await count_messages(runtime, holder) == 1
            assert (await day_sums(runtime, day))["messages.thanks.failed"] == 1
        assert await outbox.retry(runtime.store, id, now=now)
        assert await count_messages(runtime, holder) == 0, "what is under way has no fate"
    pushes.answer = lambda message: SendResult("sent")
    await send_until_settled()
    assert await count_messages(runtime, holder) == 1
    counted = await day_sums(runtime, day)
    assert (counted["messages.thanks.sent"], counted.get("messages.thanks.failed", 0)) == (1, 0)


@pytest.mark.parametrize("tapped", ["while pending", "before it is counted", "after it is counted"])
async def test_a_tap_on_a_push_that_lies_in_no_inbox_is_counted_once(database: Database, tapped: str) -> None:
    runtime = await open_loud_runtime(database)
    await change_details(runtime, news=True)
    await register_phone(runtime)
    id = await record_event(runtime, "sold")
    pushes = RecordingPushSender(answer=lambda message: SendResult("retry", "HTTP 500"))
    worker, now, holder = (
        new_delivery_worker(pushes, mail=RecordingMailSender()),
        NOON,
        LeaseHolder(lambda: NOON),
    )

    async def tap(member: str = "ana", *, is_clicked: bool = True) -> None:
        await inbox.mark_read(runtime, member_id=member, letter_ids=[id], is_clicked=is_clicked, now=NOON)

    await deliver_all_due(runtime, worker, now=now)
    assert pushes.sent[0].payload == {"kind": "sale", "tap": id}
    row = await outbox.find(runtime.store, id)
    assert row is not None
    assert row.state == "pending"
    if tapped == "while pending":
        await tap()
        assert await count_messages(runtime, holder) == 0
    pushes.answer = lambda message: SendResult("sent")
    await deliver_all_due(runtime, worker, now=row.due_at)
    if tapped == "before it is counted":
        await tap()
    counted = int(tapped == "after it is counted")
    assert await count_messages(runtime, holder) == 1
    await tap()
    assert await count_messages(runtime, holder) == counted
    await tap()
    assert await count_messages(runtime, holder) == 0
    day = {**await day_sums(runtime, NOON.date().isoformat())}
    assert (day["messages.sale.sent"], day["messages.sale.clicked"]) == (1, 1)
    assert "messages.sale.opened" not in day
    await join(runtime, "bob")
    with pytest.raises(NotFound):
        await tap("bob")
    with pytest.raises(NotFound):
        await tap(is_clicked=False)  # nobody reads it
    with pytest.raises(NotFound):
        await inbox.mark_read(runtime, member_id="ana", letter_ids=["ana:9:9"], is_clicked=True, now=NOON)


async def test_a_tap_is_counted_once_also_where_the_push_failed_on_another_phone_and_is_sent_again(
    database: Database,
) -> None:
    runtime = await open_loud_runtime(database)
    await change_details(runtime, news=True)
    await register_phone(runtime)
    await register_phone(runtime, token="broken")
    id = await record_event(runtime, "sold")
    broken = True
    pushes = RecordingPushSender(
        answer=lambda message: (
            SendResult("retry", "HTTP 500") if broken and message.address.value == "broken" else SENT
        )
    )
    worker, now, holder = (
        new_delivery_worker(pushes, mail=RecordingMailSender()),
        NOON,
        LeaseHolder(lambda: NOON),
    )

    async def settle() -> None:
        nonlocal now
        while (row := await outbox.find(runtime.store, id)) is not None and row.state == "pending":
            now = max(now, row.due_at)
            await deliver_all_due(runtime, worker, now=now)

    await settle()
    assert await count_messages(runtime, holder) == 1
    await inbox.mark_read(runtime, member_id="ana", letter_ids=[id], is_clicked=True, now=now)
    row = await outbox.find(runtime.store, id)
    assert row is not None
    assert row.state == "parked"
    assert await outbox.retry(runtime.store, id, now=now)
    broken = False
    await settle()
    assert await count_messages(runtime, holder) == 1
    assert await count_messages(runtime, holder) == 0
    sums: dict[str, int] = {}
    async for document in runtime.store["figures_days"].find({"_id": {"$regex": r"\|\*\|\*$"}}):
        for name, value in document.get("messages", {}).get("sale", {}).items():
            sums[name] = sums.get(name, 0) + value
    assert {name: value for name, value in sums.items() if value} == {"sent": 1, "clicked": 1}
