"""A member's journal decided again, by the versions that ruled: what comes of it must be what is stored, row
for row. So a change of the code that changes an outcome is found on real histories.

What looks at a profile is decided by that of today: a member whose birthday was corrected may be named, and
whoever was erased has none and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.model.figures.backtest.history import MemberHistory, RulingVersions
from domain.model.figures.backtest.replay import replay_as_ruled
from domain.model.ledger.decision import JournalRow, Refusal
from domain.model.programme.loading import load_published
from domain.services.ledger.proof.folded_journal import Difference
from domain.store.connect import Raw
from domain.store.document_store import READ_ERRORS
from domain.store.ledger import journal_rows
from domain.store.ledger.members import StoredMember
from domain.store.ledger.programmes import Programmes

# What somebody notices of a row. How it changes the state is spelled in another way by some releases; what
# comes of the state is seen in later rows.
OUTCOMES = (
    *("entries", "outcomes", "raised", "messages", "effects", "vouchers", "later"),
    *("event", "by", "version"),
)


async def read_ruling_versions(programmes: Programmes) -> RulingVersions:
    """Return every published version, loaded, and when each began to rule."""
    versions = await programmes.read_versions()
    return RulingVersions(
        {number: load_published(version.text) for number, version in versions.items()},
        {number: version.published_at for number, version in versions.items()},
    )


def decide_again(
    stored_member: StoredMember, documents: Sequence[Raw], versions: RulingVersions
) -> list[Difference]:
    """Return the first row that is decided otherwise now, by each field that differs; none where all are as
    they are stored.
    """
    member = stored_member.member
    if stored_member.status == "erased" or not documents:
        return []
    try:
        rows = [journal_rows.read_row(document) for document in documents]
        replay = replay_as_ruled(MemberHistory(member, rows, rows[-1].event.at), versions)
    except Refusal as refusal:
        return [Difference(member.id, "journal decided again", "not refused", type(refusal).__name__)]
    except READ_ERRORS as fault:
        return [Difference(member.id, "journal decided again", "decided", f"a fault: {type(fault).__name__}")]
    for document, stored, decided in zip(documents, rows, replay.rows, strict=False):
        if differences := _compare_rows(document, stored, decided):
            return differences
    if len(replay.rows) != len(rows):
        return [Difference(member.id, "rows decided again", str(len(rows)), str(len(replay.rows)))]
    return []


def _compare_rows(document: Raw, stored: JournalRow, decided: JournalRow) -> list[Difference]:
    """Return the outcomes that differ from what is stored, however an earlier release spelled it."""
    member = document["member"]
    respelled, again = (journal_rows.row_document(member, row) for row in (stored, decided))
    return [
        Difference(member, f"row {stored.seq} {name}", str(document.get(name)), str(again.get(name)))
        for name in OUTCOMES
        if not any(
            value in (again.get(name), _spelled_as(value, name, again.get(name)))
            for value in (document.get(name), respelled.get(name))
        )
        and not (name == "outcomes" and name not in document and "refund" in document["event"])
    ]


def _spelled_as(stored: Any, name: str, decided: Any) -> Any:
    """Return what was decided, spelled as a release that stored such a value would have spelled it.

    Before format 5 a delayed rule did not keep that its purchase was the first; what the rule makes of that
    shows in the entries of its own row. Before format 10 a refund did not keep when its purchase was, before
    format 3 not what each rule took back, which its entries say.
    """
    if name == "event" and stored is not None and decided is not None:
        return _event_spelled_as(stored, decided)
    if name == "later" and decided is not None and stored is not None and len(decided) == len(stored):
        return [
            [member, due, _event_spelled_as(stored_event, event)]
            for (member, due, event), (_, _, stored_event) in zip(decided, stored, strict=True)
        ]
    return decided


def _event_spelled_as(stored: Raw, decided: Raw) -> Raw:
    event = {key: value for key, value in decided.items() if key != "first" or key in stored}
    if "refund" in event and "refund" in stored:
        event["refund"] = event["refund"][: len(stored["refund"])]
    return event
