"""How recommendations do: what was opened, and what of it was bought or redeemed within 30 days after that.
Each counts once a member; figures hold sums alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from domain.model.calendar import local_day, milliseconds
from domain.model.club.recommending import Kind
from domain.model.figures.increments import Increments
from domain.model.figures.message_fates import PLACE
from domain.model.programme.messages import PROFILING
from domain.services.errors import NotFound
from domain.services.runtime import Runtime
from domain.store.club import products, recommendation_openings
from domain.store.club.recommendation_openings import Opening, Openings
from domain.store.document_store import Stale
from domain.store.figures import member_figures, sums
from domain.store.ledger import vouchers

MEMBERS_AT_ONCE: Final = 100
MOST_MEMBERS: Final = 20_000  # that are looked at in a day


async def note_opened(
    runtime: Runtime, *, member_id: str, consents: Collection[str], kind: Kind, code: str, now: datetime
) -> bool:
    """Note that a member opened a recommended product or reward; tell whether it counts, which it does once
    in 30 days, for who agreed to profiling, and of what they did not have before. Raises NotFound where
    there is none of this code, Busy.
    """
    await _expect_known(runtime, kind, code)
    now = milliseconds(now)
    if PROFILING not in consents:
        return False
    if kind == "product":
        bought = await member_figures.find_bought(runtime.store, [member_id])
        if code in bought.get(member_id, ()):
            return False

    async def attempt() -> bool:
        before = await recommendation_openings.find(runtime.store, member_id)
        known = before.standing_at(now).opened
        if any((each.kind, each.code) == (kind, code) for each in known):
            return False
        write = recommendation_openings.put_write(before, [*known, Opening(kind, code, now)])
        await runtime.store.transact(
            [write, *sums.increment_writes(_counted(runtime, "opened", [kind], now))]
        )
        return True

    return await runtime.store.run_rounds(attempt, queue=f"openings:{member_id}")


async def count_taken(runtime: Runtime, *, now: datetime) -> int:
    """Count what was bought or redeemed since it was opened; return how much was new."""
    chunk, counted = list[Openings](), 0
    async for openings in recommendation_openings.iterate(runtime.store, first=MOST_MEMBERS):
        if any(not each.is_taken for each in openings.standing_at(now).opened):
            chunk.append(openings)
        if len(chunk) == MEMBERS_AT_ONCE:
            counted += await _count_chunk(runtime, chunk, now=now)
            chunk = []
    return counted + (await _count_chunk(runtime, chunk, now=now) if chunk else 0)


async def _count_chunk(runtime: Runtime, chunk: Sequence[Openings], *, now: datetime) -> int:
    members = [each.member for each in chunk]
    bought = await member_figures.find_bought(runtime.store, members)
    redeemed = await vouchers.find_redeemed(
        runtime.store,
        members,
        rewards={each.code for openings in chunk for each in openings.opened if each.kind == "reward"},
        since=min(each.at for openings in chunk for each in openings.opened),
    )
    counted = 0
    for openings in chunk:
        known = openings.standing_at(now).opened
        taken = [
            not each.is_taken and _is_taken(each, bought.get(openings.member, ()), redeemed, openings.member)
            for each in known
        ]
        if not any(taken):
            continue
        after = [
            replace(each, is_taken=each.is_taken or is_new) for each, is_new in zip(known, taken, strict=True)
        ]
        kinds = [each.kind for each, is_new in zip(known, taken, strict=True) if is_new]
        sums_of = sums.increment_writes(_counted(runtime, "taken", kinds, now))
        try:
            await runtime.store.transact([recommendation_openings.put_write(openings, after), *sums_of])
        except Stale:  # they open another one at this moment: tomorrow is early enough
            continue
        counted += len(kinds)
    return counted


def _is_taken(
    opening: Opening,
    bought: Collection[str],
    redeemed: Collection[tuple[str, str, datetime]],
    member: str,
) -> bool:
    """Tell whether something was taken since: what is recommended was never bought before."""
    if opening.kind == "product":
        return opening.code in bought
    return any((who, reward) == (member, opening.code) and at >= opening.at for who, reward, at in redeemed)


def _counted(runtime: Runtime, what: str, kinds: Sequence[str], now: datetime) -> Increments:
    increments, day = Increments(), local_day(now, runtime.programme.zone)
    for kind in kinds:
        increments.add_on_day(day, f"recommended.{what}.{kind}", 1, **PLACE)
    return increments


async def _expect_known(runtime: Runtime, kind: Kind, code: str) -> None:
    if kind == "product":
        is_known = code in await products.find_many(runtime.store, [code])
    else:
        is_known = any(spec.code == code for spec in runtime.programme.rewards)
    if not is_known:
        raise NotFound(code)
