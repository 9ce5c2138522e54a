"""Which due rows a round of the outbox takes: all of a few members, each member's in order."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence, Set

from domain.services.messages.delivery_jobs import MAX_BATCH
from domain.store.messages.outbox import OutboxRow


def choose_rows(due_rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """Return the rows to claim: all due rows of a few random members, each member's in order.

    Two workers seldom choose the same members.
    """
    rows_by_member = defaultdict[str, list[OutboxRow]](list)
    for row in sorted(due_rows, key=lambda row: (row.seq, row.index)):
        rows_by_member[row.member].append(row)
    chosen_rows = list[OutboxRow]()
    for member in random.sample(list(rows_by_member), len(rows_by_member)):
        if len(chosen_rows) < MAX_BATCH:
            chosen_rows += rows_by_member[member][:MAX_BATCH]
    return chosen_rows[:MAX_BATCH]


def split_by_turn(rows: Sequence[OutboxRow], claimed_ids: Set[str]) -> tuple[list[OutboxRow], list[str]]:
    """Return the claimed rows, and the ids to release: those behind a row that another worker has claimed."""
    blocked_members, rows_in_turn, given_back = set[str](), list[OutboxRow](), list[str]()
    for row in rows:
        if row.id not in claimed_ids:
            blocked_members.add(row.member)
        elif row.member in blocked_members:
            given_back.append(row.id)
        else:
            rows_in_turn.append(row)
    return rows_in_turn, given_back
