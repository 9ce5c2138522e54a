"""Counts what became of messages, once each: their flag goes in the transaction that adds the sum."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.model.calendar import local_day
from domain.model.figures.folds.rules import varied_paths
from domain.model.figures.increments import Increments
from domain.model.figures.message_fates import PLACE, Fate, fate_of
from domain.model.programme import MessageSpec, Programme
from domain.services.runtime import Runtime
from domain.store.figures import sums, uncounted
from domain.store.figures.lease import LeaseHolder
from domain.store.figures.uncounted import UncountedMessage
from domain.store.messages.once_texts import is_trial

MAX_MESSAGES = 100


async def count_messages(runtime: Runtime, holder: LeaseHolder) -> int:
    """Count the first messages that were settled or read; return how many. Raises Busy, FoldingElsewhere."""
    if not await holder.holds(runtime.store):
        return 0
    return await runtime.store.run_rounds(lambda: _count(runtime, holder))


async def _count(runtime: Runtime, holder: LeaseHolder) -> int:
    messages = [
        *await uncounted.find_settled(runtime.store, first=MAX_MESSAGES),
        *await uncounted.find_read(runtime.store, first=MAX_MESSAGES),
    ]
    if not messages:
        return 0
    await runtime.programmes.load_versions({message.version for message in messages})
    await runtime.once_texts.load(runtime.store, {each.code for each in messages if each.kind == "once"})
    increments = Increments()
    for message in messages:
        programme = runtime.programmes.loaded_or_current(message.version)
        _add(programme, message, runtime.once_texts.find(message.code), increments)
    writes = [*uncounted.counted_writes(messages), *sums.increment_writes(increments)]
    await runtime.store.transact([holder.write(), *writes])
    return len(messages)


def _add(
    programme: Programme, message: UncountedMessage, once: MessageSpec | None, increments: Increments
) -> None:
    if message.kind not in ("message", "once") or is_trial(message.kind, message.code):
        return
    for fate, at in _fates(programme, message, once):
        for path in varied_paths(f"messages.{message.code}", message.variant):
            increments.add_on_day(local_day(at, programme.zone), f"{path}.{fate}", 1, **PLACE)
    if message.failed_at is not None:  # it has one fate, the last
        for path in varied_paths(f"messages.{message.code}", message.variant):
            increments.add_on_day(local_day(message.failed_at, programme.zone), f"{path}.failed", -1, **PLACE)


def _fates(
    programme: Programme, message: UncountedMessage, once: MessageSpec | None
) -> Iterator[tuple[Fate, datetime]]:
    """Yield what became of a message that is not counted yet, and when."""
    if message.clicked_at is not None:
        yield "clicked", message.clicked_at
    if message.is_click_only:
        return
    if message.collection == "inbox":
        yield "opened", message.at
        return
    specs = programme.messages if once is None else (once,)
    channels = next((spec.channels for spec in specs if spec.code == message.code), ())
    fate = fate_of(
        state=message.state,
        reason=message.reason,
        delivered=message.delivered,
        in_inbox="inbox" in channels,
    )
    yield fate, message.at
