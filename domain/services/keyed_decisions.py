"""The shape of a story that moves value: claim the key, decide and commit, or give the first answer again.

decide -> bind (the reply, and the story's own writes) -> one transaction -> answer
the key has acted already -> answer_again
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Generic, TypeVar

from domain.model.ledger.decision import AlreadySo, Decision, JournalRow
from domain.model.ledger.events import NO_DATA, Event, Json
from domain.model.ledger.late_events import HistoricalContext
from domain.model.ledger.wallet import Wallet
from domain.model.values import dataclass
from domain.services.decisions import commit_decision, decide_event, event_instant
from domain.services.idempotency import KeyBinding, run_once
from domain.services.runtime import Runtime
from domain.services.wallet_snapshots import wallets_at
from domain.store.document_store import Write
from domain.store.ledger import journal, members
from domain.store.ledger.members import StoredMember
from domain.store.ledger.programmes import PublishedProgramme
from domain.store.ledger.receipts import ReceiptTaken
from domain.store.ledger.vouchers import Voucher
from domain.store.requests import Reply, RequestKey

SubjectT = TypeVar("SubjectT")
AnswerT = TypeVar("AnswerT")


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class DecidedEvent(Generic[SubjectT]):
    """One event of a member, decided. `subject` is what the story read beside the member, None for nothing.

    `issued` are the vouchers that its commit issued.
    """

    published: PublishedProgramme
    stored_member: StoredMember
    decision: Decision
    subject: SubjectT
    issued: tuple[Voucher, ...] = ()

    @property
    def row(self) -> JournalRow:
        """Return the journal row of the event."""
        return self.decision.row

    @property
    def member_id(self) -> str:
        """Return who decided it: of a merged membership the one that took it over."""
        return self.stored_member.member.id

    @property
    def member_after(self) -> StoredMember:
        """Return the stored member after the event."""
        return members.after_decision(self.stored_member, self.decision)

    def wallets(self) -> Mapping[str, Wallet]:
        """Return the wallets at the instant of the event, after it."""
        return wallets_at(self.published.programme, self.decision.member, now=self.row.event.at)


@dataclass(frozen=True, slots=True)
class BoundReply:
    """What a story commits with its decision: the reply that its key is bound to, and writes of its own."""

    reply: Reply
    claims: Sequence[Write] = ()


def bind_row(decided: DecidedEvent[SubjectT]) -> BoundReply:
    """Bind a key to the journal row alone."""
    return BoundReply({"seq": decided.row.seq})


async def answer_nothing(*_: object) -> None:
    """Answer, or answer again, where there is nothing to say."""


# ---------------------------------------------------------------- reads
async def decide_now(
    runtime: Runtime,
    stored_member: StoredMember,
    event: Event,
    *,
    subject: SubjectT,
    now: datetime,
    history: HistoricalContext | None = None,
) -> DecidedEvent[SubjectT]:
    """Decide an event by the current programme, or by `history`. Raises a Refusal."""
    published = runtime.programmes.current()
    decision = await decide_event(runtime, published, stored_member, event, now=now, history=history)
    return DecidedEvent(published, stored_member, decision, subject)


async def decide_new(
    runtime: Runtime,
    stored_member: StoredMember,
    *,
    id: str,
    name: str,
    event_data: Mapping[str, Json] = NO_DATA,
    source: str = "app",
    subject: SubjectT,
    now: datetime,
) -> DecidedEvent[SubjectT]:
    """Decide an event that happens now, by default in the member's app. Raises a Refusal."""
    event = Event(id, name, event_instant(stored_member, now=now), source, event_data)
    return await decide_now(runtime, stored_member, event, subject=subject, now=now)


async def load_bound_row(runtime: Runtime, member_id: str, reply: Reply) -> JournalRow:
    """Return the journal row of the decision that a key is bound to."""
    row = await journal.find(runtime.store, member_id, int(str(reply["seq"])))
    assert row is not None, "a bound key's row is in the journal"
    return row


# ---------------------------------------------------------------- writes
async def decide_once(
    runtime: Runtime,
    *,
    request: RequestKey,
    queue: str,
    now: datetime,
    decide: Callable[[], Awaitable[DecidedEvent[SubjectT]]],
    bind: Callable[[DecidedEvent[SubjectT]], BoundReply] = bind_row,
    answer: Callable[[DecidedEvent[SubjectT]], Awaitable[AnswerT]],
    answer_again: Callable[[Reply], Awaitable[AnswerT]],
    answer_taken: Callable[[], Awaitable[AnswerT]] | None = None,
    answer_already: Callable[[], Awaitable[AnswerT]] | None = None,
    lock: AbstractAsyncContextManager[object] | None = None,
) -> AnswerT:
    """Decide and commit once for a key; `queue` is whose writers wait for each other.

    `answer_taken` answers, or refuses, where `decide` or a claim raises ReceiptTaken; `answer_already` where
    `decide` raises AlreadySo, which binds no key. `lock` is held from the decision to the commit. Raises
    IdempotencyKeyConflict, Busy, and what the steps raise.
    """

    async def act(key_binding: KeyBinding) -> AnswerT:
        async with lock or nullcontext():
            try:
                decided = await decide()
                bound = bind(decided)
                issued = await commit_decision(
                    runtime,
                    decided.published,
                    decided.decision,
                    now=now,
                    request=key_binding.write_for(bound.reply),
                    claims=bound.claims,
                )
            except ReceiptTaken:
                if answer_taken is None:
                    raise
                return await answer_taken()
            return await answer(replace(decided, issued=issued))

    try:
        return await run_once(
            runtime, request=request, queue=queue, now=now, act=act, answer_again=answer_again
        )
    except AlreadySo:
        if answer_already is None:
            raise
        return await answer_already()
