"""Messages in figures: sent, read, without consent; each once, and kept when figures are made again."""

from __future__ import annotations

from datetime import timedelta

from domain.services.figures import projector
from domain.services.figures.message_counts import count_messages
from domain.services.figures.rebuilding import rebuild
from domain.services.messages import inbox
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from tests.loud_runtime import NOON, deliver_all_due, new_delivery_worker, open_loud_runtime, record_event
from tests.services.figures.figure_sums import all_figures, day_sums


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
    await projector.fold_all(runtime, holder, now=later)
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
        return await inbox.mark_read(
            runtime, member_id="ana", letter_ids=letters, is_clicked=is_clicked, now=later
        )

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
