"""What a story answers where its member is closed: the wallets of the membership that took them over, once
that has taken what the story's row left behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.model.ledger.wallet import Wallet
from domain.services.keyed_decisions import DecidedEvent, SubjectT
from domain.services.ledger import queries, turn
from domain.services.ledger.queries import MemberView
from domain.services.runtime import Runtime
from domain.services.wallet_snapshots import read_wallets, write_wallets
from domain.store.requests import Reply


def wallets_reply(decided: DecidedEvent[SubjectT]) -> dict[str, object]:
    """Return what a key is bound to of the wallets after a decision: of a closed membership, who has them."""
    merged_into = decided.decision.member.merged_into
    return (
        {"wallets": write_wallets(decided.wallets())} if merged_into is None else {"wallets_of": merged_into}
    )


async def wallets_after(
    runtime: Runtime, decided: DecidedEvent[SubjectT], *, now: datetime
) -> Mapping[str, Wallet]:
    """Return the wallets after a committed decision: at once where the member is open."""
    merged_into = decided.decision.member.merged_into
    if merged_into is None:
        return decided.wallets()
    await turn.fire_moving(runtime, decided.row, now=now)
    return await _wallets_of(runtime, merged_into, now=now)


async def view_after(runtime: Runtime, decided: DecidedEvent[SubjectT], *, now: datetime) -> MemberView:
    """Return the member after a committed decision, of a merged membership the one that took it over."""
    merged_into = decided.decision.member.merged_into
    if merged_into is None:
        at = max(now, decided.row.event.at)
        return await queries.member_view_of(runtime, decided.member_after, now=at)
    await turn.fire_moving(runtime, decided.row, now=now)
    return await queries.load_member_view(runtime, member_id=merged_into, now=now)


async def wallets_from_reply(runtime: Runtime, reply: Reply, *, now: datetime) -> Mapping[str, Wallet]:
    """Return the wallets that a story answered with before; those of now of a membership that took others."""
    if "wallets" in reply:
        return read_wallets(reply["wallets"])
    return await _wallets_of(runtime, str(reply["wallets_of"]), now=now)


async def _wallets_of(runtime: Runtime, member: str, *, now: datetime) -> Mapping[str, Wallet]:
    return (await queries.load_member_view(runtime, member_id=member, now=now)).member.wallets
