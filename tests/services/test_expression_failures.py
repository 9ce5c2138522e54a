"""A failing expression is a line in the log: its place, the version, the event; and none of its input."""

from datetime import timedelta

from structlog.testing import capture_logs
from structlog.typing import EventDict

from domain.services.ledger import purchases
from domain.store.connect import Database
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime

BROKEN = """
programme: {code: broken, name: Broken, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, kind: points, name: Points}]
rules:
  - code: back
    title: Back
    on: purchase.completed
    when: member.days_since_purchase + 1 > 30
    do: [{award: {wallet: points, fixed: 5}}]
  - code: again
    title: Again
    on: purchase.completed
    when: member.days_since_purchase + 1 > 30
    do: [{award: {wallet: points, fixed: 7}}]
  - code: share
    title: Share
    on: purchase.completed
    do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total / member.purchases.count}}]
badges:
  - {code: young, name: Young, description: Y, on: purchase.completed, when: "member.birthday.endsWith('05-17')", levels: [1]}
  - {code: own, name: Own, description: O, on: purchase.completed, target: member.birthday.size(), during: {from: "DAY"}}
"""


async def failed(database: Database) -> list[EventDict]:
    runtime = await open_runtime(database, BROKEN.replace("DAY", f"{NOW:%Y-%m-%d}"))
    await join(runtime, "ana", at=NOW - timedelta(days=1))
    with capture_logs() as logged:
        await purchases.quote(runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), now=NOW)
        assert logged == []
        await purchases.record(
            runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k", now=NOW
        )
        once = list(logged)
        await purchases.record(
            runtime, till=TILL, member_id="ana", purchase_input=new_purchase("r1"), key="k", now=NOW
        )
    assert logged == once
    return [one for one in once if one["event"] == "programme.expression_failed"]


async def test_each_failed_expression_is_one_line_for_a_purchase_and_none_for_a_quote_or_a_retry(
    database: Database,
) -> None:
    about = {
        "event": "programme.expression_failed",
        "log_level": "info",
        "version": 1,
        "about": "purchase.completed",
    }
    assert await failed(database) == [
        {**about, "where": ["badges.own"], "kind": "type"},
        {**about, "where": ["rules.back", "rules.again"], "kind": "type"},
        {**about, "where": ["rules.share"], "kind": "value"},
        {**about, "where": ["badges.young"], "kind": "type"},
    ]
