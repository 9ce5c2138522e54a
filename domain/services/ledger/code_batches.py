"""Making single-use codes of a batch, for whoever runs the system: each is stored before it is shown once."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable
from datetime import datetime

from domain.model.code_spelling import code_digest, make_single_use
from domain.services.errors import InvalidInput
from domain.services.runtime import Runtime
from domain.store.audit import simple_act_write
from domain.store.ledger import code_counts, single_use_codes

MOST_AT_ONCE = 1_000_000
CHUNK = 500


def check_batch(runtime: Runtime, batch: str, count: int) -> None:
    """Check that so many codes of a batch can be made. Raises InvalidInput."""
    batches = [spec.batch for spec in runtime.programme.codes if spec.batch is not None]
    if batch not in batches:
        there = f"it has {', '.join(batches)}" if batches else "it has none"
        raise InvalidInput(
            "batch",
            f"The published programme has no batch {batch}: {there}. Add codes: [{{batch: {batch}, title:"
            " ...}] to the file and publish it first.",
        )
    if not 1 <= count <= MOST_AT_ONCE:
        raise InvalidInput("count", f"Write a number from 1 to {MOST_AT_ONCE}; run it again for more.")


async def make_codes(
    runtime: Runtime,
    *,
    secret: bytes,
    batch: str,
    count: int,
    actor: str,
    now: datetime,
    draw: Callable[[int], int] = secrets.randbelow,
) -> AsyncGenerator[list[str], None]:
    """Make codes of a batch and yield them as they are stored, some at a time. Raises InvalidInput.

    The audit trail says how many were asked for before the first is stored. Who stops reading has made those
    that were yielded, and no more than a few of which nobody ever hears.
    """
    check_batch(runtime, batch, count)
    await runtime.store.transact(
        [simple_act_write("CODES_MADE", actor=actor, now=now, subject=batch, amount=count)]
    )
    made = 0
    while made < count:
        wanted = min(CHUNK, count - made)
        by_digest = {
            code_digest(secret, code): code for code in (make_single_use(draw) for _ in range(wanted))
        }
        new_digests = await single_use_codes.add_new(runtime.store, batch, by_digest)
        await runtime.store.transact([code_counts.made_write(batch, len(new_digests))])
        made += len(new_digests)
        yield [code for digest, code in by_digest.items() if digest in new_digests]
