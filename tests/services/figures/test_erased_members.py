"""Whoever is erased stays in sums, and nothing of figures leads to them but their random id."""

from __future__ import annotations

from datetime import timedelta

from domain.model.event_names import ERASED
from domain.model.ledger.events import Event
from domain.services.decisions import commit_decision, decide_event, load_member
from domain.services.ledger import purchases
from domain.store.connect import Database
from domain.store.figures import member_figures, sums
from domain.store.figures.lease import LeaseHolder
from tests.folding import fold_waiting
from tests.services.figures.figure_sums import all_figures, day_sums
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime


async def test_an_erased_member_stays_in_sums_and_counts_among_members_no_more(database: Database) -> None:
    runtime = await open_runtime(database)
    await join(runtime, "ana")
    await purchases.record(
        runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="r1", now=NOW
    )
    erased_at = NOW + timedelta(days=2)
    event = Event("erase:ana", ERASED, erased_at, "selo")
    stored, published = await load_member(runtime, "ana"), runtime.programmes.current()
    decision = await decide_event(runtime, published, stored, event, now=erased_at)
    await commit_decision(runtime, published, decision, now=erased_at)
    await fold_waiting(runtime, LeaseHolder(lambda: erased_at), now=erased_at)
    bought, erased = await day_sums(runtime, "2026-03-02"), await day_sums(runtime, "2026-03-04")
    assert (bought["receipts"], bought["revenue"], bought["enrolments"]) == (1, 10_000, 1)
    assert (erased["erased"], erased["levels.enrolled"]) == (1, -1)
    now = sums.flat_sums((await sums.find_now(runtime.store, ["levels"])).get("levels", {}))
    assert {level: number for level, number in now.items() if number} == {}
    [figures] = (await member_figures.find_many(runtime.store, ["ana"])).values()
    assert (figures.receipts, figures.revenue, figures.is_enrolled) == (1, 10_000, False)
    names = {path for document in (await all_figures(runtime)).values() for path in document}
    assert not names & {"name", "email", "phone", "birthday", "number"}
