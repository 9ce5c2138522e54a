"""A process that decides members again: it reads a case and then batches of members from its standard input,
and answers each batch with a comparison. It ends when its input does, and has no database.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from bson import decode

from domain.model.figures.backtest.comparison import BacktestCase, Comparison, compare
from domain.model.figures.backtest.history import MemberHistory, RulingVersions, brought_until
from domain.model.programme.loading import load_published
from domain.model.values import dataclass
from domain.store.connect import AWARE
from domain.store.ledger import journal_rows, members

LENGTH_BYTES = 8
NICENESS = 10  # whoever waits at a till comes first


@dataclass(frozen=True, slots=True)
class CaseTexts:
    """A back-test as its processes are told of it: programme files as texts."""

    draft: str
    versions: dict[int, str]
    published_at: dict[int, datetime]
    since: datetime
    now: datetime
    was_sold_out: bool

    def load(self) -> BacktestCase:
        """Return the case, its files read. They were checked before."""
        programmes = {number: load_published(text) for number, text in self.versions.items()}
        versions = RulingVersions(programmes, self.published_at)
        return BacktestCase(load_published(self.draft), versions, self.since, self.was_sold_out)


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """The documents of a member and of their journal, as the database sent them."""

    member: bytes
    rows: Sequence[bytes]


def compare_batch(case: BacktestCase, batch: Sequence[StoredHistory], *, now: datetime) -> Comparison:
    """Decide a batch of members again, and compare."""
    total = Comparison()
    ruling = case.versions.programmes[case.versions.at(now)]
    for stored in batch:
        member = members.read_member(decode(stored.member, AWARE)).member
        rows = [journal_rows.read_row(decode(row, AWARE)) for row in stored.rows]
        history = MemberHistory(member, rows, brought_until(ruling, member, now=now))
        total.add(_compare_member(case, history))
    return total


def _compare_member(case: BacktestCase, history: MemberHistory) -> Comparison:
    try:
        return compare(case, history)
    except Exception:  # noqa: BLE001 - one history must not end the others: the report counts it
        return Comparison(left_out=1)


def frame(value: object) -> bytes:
    """Return a value as it goes through a pipe."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def _read_frame(stream: BinaryIO) -> object | None:
    head = stream.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    value: object = pickle.loads(stream.read(int.from_bytes(head, "big")))  # noqa: S301 - our own parent sends it
    return value


def main() -> None:
    """Answer batches until the input ends."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    gc.set_threshold(100_000, 50, 100)
    texts = _read_frame(sys.stdin.buffer)
    assert isinstance(texts, CaseTexts), "a case comes first"
    case = texts.load()
    gc.collect()
    gc.freeze()
    while isinstance(batch := _read_frame(sys.stdin.buffer), list):
        sys.stdout.buffer.write(frame(compare_batch(case, batch, now=texts.now)))
        sys.stdout.buffer.flush()
