"""The rows of a referral that a row takes back: that one says only whose it was."""

from __future__ import annotations

from datetime import timedelta

from domain.model.club.leaderboards import UndoneRow
from domain.model.event_names import REFERRAL_QUALIFIED, REFERRAL_UNMADE
from domain.model.ledger.deciding.referrals import UNMADE_WITHIN, unmade_key
from domain.model.ledger.decision import JournalRow
from domain.services.runtime import Runtime
from domain.store.ledger import journal_stream, members

_LATER = timedelta(days=30)  # by which the referrer's row may follow that of the friend


async def find_undone(runtime: Runtime, member: str, row: JournalRow) -> tuple[UndoneRow, ...]:
    """Return the rows of the referral that a row takes back, with the versions that decided them; no command
    for any other row.
    """
    if row.event.name != REFERRAL_UNMADE or not runtime.programme.leaderboards:
        return ()
    key = unmade_key(row.event)
    stored_member = await members.find(runtime.store, member)
    merged = () if stored_member is None else stored_member.merged
    undone: list[UndoneRow] = []
    for owner in (member, *merged):
        start = row.event.at - UNMADE_WITHIN - _LATER
        for past in await journal_stream.find_between(runtime.store, owner, start=start, end=row.event.at):
            is_of_referral = past.event.id == key or past.event.id.startswith(f"{key}>")
            if past.event.name == REFERRAL_QUALIFIED and is_of_referral:
                version = await runtime.programmes.load_version(past.version)
                undone.append(UndoneRow(version.programme, past))
    return tuple(undone)
