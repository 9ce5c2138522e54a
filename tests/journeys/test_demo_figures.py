"""Each key figure of the demo equals what DuckDB computes from exported rows, by statements that know nothing of how
figures are folded.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from api.clock import utc_now
from api.commands.database import open_database
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.calendar import local_day
from domain.model.event_names import CLOSED, CODE_ENTERED, ENROLLED, ERASED, REDEEMED, SURVEY_ANSWERED
from domain.model.ledger.deciding.earning import is_held_out
from domain.model.programme import Programme
from domain.model.programme.varied.varied_part import variant_of
from domain.services import demo_people
from domain.services.demo_history.filling import fill_history
from domain.services.demo_history.seasons import CAMPAIGNS, MARGIN, VISITS, with_campaigns
from domain.services.figures import reading
from domain.services.figures.reading import FiguresReport, Period
from domain.services.figures.rebuilding import rebuild
from domain.services.figures.results import measure_uplifts
from domain.services.moving import row_export
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.figures.lease import LeaseHolder
from domain.store.ledger import journal_rows
from tests.folding import fold_waiting
from tests.servers import quick_folder
from tests.small_runtime import NUMISCOLLECT, open_runtime

UNTIL = datetime(2026, 12, 1, 10, tzinfo=UTC)  # the end of the two years
START, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
# What stands in no exported row: lots behind entries, and what became of messages.
NOT_EXPORTED = {"breakage_cohort", "open_rate", "click_rate"}

Units = Counter[tuple[str, str | None]]  # by rule and variant

VIEWS = """
CREATE VIEW sales AS SELECT * FROM purchases WHERE document = 'sale';
CREATE VIEW bought AS SELECT member, day FROM purchases WHERE document IN ('sale', 'history');
CREATE VIEW first_bought AS SELECT member, min(day) AS day FROM bought GROUP BY member;
CREATE VIEW joined AS SELECT member, min(day) AS day FROM events WHERE name = 'joined' GROUP BY member;
CREATE VIEW gone AS SELECT member, min(day) AS day FROM events WHERE name = 'left' GROUP BY member;
CREATE MACRO customers(until, days) AS (SELECT count(DISTINCT b.member) FROM bought b LEFT JOIN gone g USING (member)
  WHERE b.day > until - days AND b.day <= until AND (g.day IS NULL OR g.day >= until));
CREATE MACRO enrolled(until) AS (SELECT count(*) FROM joined j LEFT JOIN gone g USING (member)
  WHERE j.day <= until AND (g.day IS NULL OR g.day > until));
CREATE MACRO stayed(since, until) AS customers(until, 365) - (SELECT count(*) FROM first_bought WHERE day BETWEEN since AND until);
CREATE MACRO turnover(since, until) AS (SELECT coalesce(sum(total), 0) FROM purchases WHERE document <> 'history' AND day BETWEEN since AND until);
CREATE MACRO receipts(since, until) AS (SELECT count(*) FROM sales WHERE day BETWEEN since AND until);
CREATE MACRO moved(purse, word, since, until) AS (SELECT coalesce(sum(amount), 0) FROM entries
  WHERE wallet = purse AND kind = word AND day BETWEEN since AND until);
CREATE MACRO named(word, since, until) AS (SELECT count(*) FROM events WHERE name = word AND day BETWEEN since AND until);
"""
# Numerator and denominator of each figure from $s through $e; $b is the day before, $y the first of the year that ends with it.
STATEMENTS: Mapping[str, str] = {
    "enrolled": "SELECT enrolled($e), NULL",
    "enrolments": "SELECT (SELECT count(*) FROM joined WHERE day BETWEEN $s AND $e), NULL",
    "participation": """SELECT (SELECT count(*) FROM joined j JOIN first_bought f USING (member) LEFT JOIN gone g USING (member)
        WHERE f.day <= $e AND j.day <= $e AND (g.day IS NULL OR g.day > $e)), enrolled($e)""",
    "active_30": "SELECT customers($e, 30), enrolled($e)",
    "active_90": "SELECT customers($e, 90), enrolled($e)",
    "active_365": "SELECT customers($e, 365), enrolled($e)",
    "retention": "SELECT stayed($s, $e), customers($b, 365)",
    "churn": "SELECT customers($b, 365) - stayed($s, $e), customers($b, 365)",
    "receipts": "SELECT receipts($s, $e), NULL",
    "revenue": "SELECT turnover($s, $e), NULL",
    "average_ticket": "SELECT turnover($s, $e), receipts($s, $e)",
    "repeat_rate": """SELECT count(*) FILTER (number > 1), count(*)
        FROM (SELECT count(*) AS number FROM sales WHERE day BETWEEN $s AND $e GROUP BY member)""",
    "frequency": "SELECT count(*), count(DISTINCT member) FROM sales WHERE day BETWEEN $s AND $e",
    "clv": """SELECT turnover($y, $e) / customers($e, 365),
        (customers($y - 1, 365) - stayed($y, $e)) / customers($y - 1, 365)""",
    "redemption_members": """SELECT (SELECT count(DISTINCT member) FROM events WHERE name = 'redeemed' AND day BETWEEN $s AND $e),
        enrolled($e)""",
    "nps": """SELECT 100 * (count(*) FILTER (score >= 9) - count(*) FILTER (score <= 6)), count(*)
        FROM events WHERE name = 'answered' AND day BETWEEN $s AND $e""",
    "referral_conversion": "SELECT named('qualified', $s, $e) - named('unmade', $s, $e), named('referred', $s, $e)",
}
OF_WALLET: Mapping[str, str] = {
    "redemption_points": "SELECT -moved($w, 'SPEND', $s, $e), moved($w, 'AWARD', $s, $e) + moved($w, 'BONUS', $s, $e)",
    "burn": """SELECT -moved($w, 'SPEND', $s, $e) - moved($w, 'RETURN', $s, $e),
        moved($w, 'AWARD', $s, $e) + moved($w, 'BONUS', $s, $e) + moved($w, 'CLAWBACK', $s, $e)""",
    "breakage": "SELECT -moved($w, 'EXPIRE', $s, $e), moved($w, 'AWARD', $s, $e) + moved($w, 'BONUS', $s, $e)",
    "outstanding": "SELECT (SELECT coalesce(sum(amount), 0) FROM entries WHERE wallet = $w AND day <= $e), NULL",
}
OF_CODE = """SELECT (SELECT count(*) FROM (SELECT min(p.day) AS day FROM events c JOIN sales p ON p.member = c.member AND p.at > c.at
        WHERE c.name = 'code' AND c.code = $c GROUP BY c.member) WHERE day BETWEEN $s AND $e),
        (SELECT count(*) FROM events WHERE name = 'code' AND code = $c AND day BETWEEN $s AND $e)"""


async def exported(runtime: Runtime, folder: Path) -> duckdb.DuckDBPyConnection:
    """Export entries and purchases, and of the journal's events their names, days and members; open them in DuckDB."""
    entries = [row async for row in row_export.iterate_entries(runtime, start=START, end=END)]
    purchases = [row async for row in row_export.iterate_purchases(runtime, start=START, end=END)]
    events = [row async for row in journal_events(runtime)]
    database = duckdb.connect()
    rows: dict[str, list[Any]] = {"entries": entries, "purchases": purchases, "events": events}
    for name, some in rows.items():
        file = folder / f"{name}.ndjson"
        file.write_text("\n".join(json.dumps(row) for row in some), encoding="utf-8")
        database.execute(
            f"CREATE TABLE {name} AS SELECT * FROM read_json('{file}', format='newline_delimited', sample_size=-1)"
        )
    database.execute(VIEWS)
    return database


async def journal_events(runtime: Runtime) -> AsyncIterator[dict[str, Any]]:
    """Yield who joined and left, redeemed, answered, was invited, brought somebody and entered a code."""
    words = {
        ENROLLED: "joined",
        ERASED: "left",
        CLOSED: "left",
        REDEEMED: "redeemed",
        SURVEY_ANSWERED: "answered",
    }
    async for row in runtime.store["journal"].find({"member": {"$gt": ""}}):
        for event in (row["event"], *row.get("raised", ())):
            data = dict(event["data"])
            known = {
                "member": row["member"],
                "at": f"{row['at']:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
                "score": None,
                "code": None,
            }
            known["day"] = local_day(row["at"], runtime.programme.zone).isoformat()
            if event["name"] in words:
                yield {**known, "name": words[event["name"]], "score": data.get("score")}
            if event["name"] == ENROLLED and data.get("referredBy"):
                yield {**known, "name": "referred"}
            if event["name"] in ("referral.qualified", "referral.unmade"):
                yield {**known, "name": event["name"].partition(".")[2]}
            if event["name"] == CODE_ENTERED:
                yield {**known, "name": "code", "code": data.get("code") or data.get("batch")}


def computed(
    database: duckdb.DuckDBPyConnection, report: FiguresReport, code: str, subject: str | None
) -> tuple[Any, Any]:
    """Return what DuckDB computes for a figure of a report's period: numerator and denominator."""
    start, end = report.period.start, report.period.end
    days = {"s": start, "e": end, "b": start - timedelta(days=1), "y": end - timedelta(days=364)}
    if code in OF_WALLET:
        statement, named = OF_WALLET[code], {**days, "w": subject}
    elif code == "code_conversion":
        statement, named = OF_CODE, {**days, "c": subject}
    else:
        statement, named = STATEMENTS[code], dict(days)
    used = {name: value for name, value in named.items() if f"${name}" in statement}
    row = database.execute(statement, used).fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.timeout(300)
async def test_each_figure_of_the_demo_equals_what_duckdb_computes(demo_seed: Path, tmp_path: Path) -> None:
    with quick_folder() as folder:
        shutil.copytree(demo_seed, folder / "data")
        settings = read_settings(data=folder / "data")
        async with open_database(settings) as opened, open_process(settings, opened) as process:
            runtime, now = process.runtime, process.programme_clock()
            await fold_waiting(runtime, LeaseHolder(utc_now), now=now)
            database = await exported(runtime, tmp_path)
            today = local_day(now, runtime.programme.zone)
            reports = [await reading.read_report(runtime, period) for period in periods(today)]
            cost = {wallet.code: wallet.unit_cost for wallet in runtime.programme.wallets}
    told, compared = compare(database, reports, cost)
    assert {*STATEMENTS, *OF_WALLET, "liability", *NOT_EXPORTED} <= compared
    assert told > 60


def compare(
    database: duckdb.DuckDBPyConnection, reports: Sequence[FiguresReport], cost: Mapping[str, Any]
) -> tuple[int, set[str]]:
    """Expect each figure of reports to be DuckDB's; return how many are not 0, and the codes of all."""
    told, compared = 0, set[str]()
    for report in reports:
        values = {(each.code, each.subject): each for each in report.figures}
        for (code, subject), figure in values.items():
            compared.add(code)
            if code in NOT_EXPORTED:
                continue
            if code == "liability":
                year = Period(report.period.end - timedelta(days=364), report.period.end)
                expired, awarded = computed(database, replace(report, period=year), "breakage", subject)
                held, _ = computed(database, report, "outstanding", subject)
                left = 1 - int(expired) / int(awarded) if awarded else 1.0
                assert figure.value == pytest.approx(
                    int(held) * float(cost[subject or ""] or 0) * 100 * left
                ), report.period
                continue
            numerator, denominator = computed(database, report, code, subject)
            parts = (figure.numerator, figure.denominator)
            expected = tuple(
                None if each is None else pytest.approx(float(each)) for each in (numerator, denominator)
            )
            assert parts == expected, (code, subject, report.period)
            told += bool(numerator)
    return told, compared


@pytest.mark.timeout(300)
async def test_figures_campaigns_and_variants_of_the_two_years_equal_what_duckdb_computes(
    unheard: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_people, "MEMBERS", 10)
    monkeypatch.setattr(demo_people, "PARTS", ())
    now = UNTIL
    text = with_campaigns(NUMISCOLLECT.read_text(encoding="utf-8"), until=now)
    runtime = await open_runtime(unheard, text, now=now - timedelta(days=731))
    published = runtime.programmes.current()
    await fill_history(runtime.store, published=published, batches=2, now=now, progress=lambda *_: None)
    await rebuild(runtime, LeaseHolder(lambda: now))
    await measure_uplifts(runtime, now=now)
    database, today = await exported(runtime, tmp_path), local_day(now, runtime.programme.zone)
    cost = {wallet.code: wallet.unit_cost for wallet in runtime.programme.wallets}
    reports = [await reading.read_report(runtime, period) for period in periods(today)]
    told, _ = compare(database, reports, cost)
    assert told > 60
    whole = await reading.read_report(runtime, Period(today - timedelta(days=740), today))
    units = await units_of_rules(runtime)
    expect_campaigns(database, whole, runtime.programme, units)
    expect_variants(database, whole, runtime.programme, units)
    await expect_messages(runtime, whole)


async def units_of_rules(runtime: Runtime) -> Units:
    """Return what the journal says that each rule gave, less what refunds took back, by rule and variant."""
    units = Counter[tuple[str, str | None]]()
    async for row in runtime.store["journal"].find({"member": {"$gt": ""}}):
        for outcome in journal_rows.read_outcomes(row):
            units[outcome.rule, outcome.variant] += outcome.amount if outcome.applied else 0
    return units


def expect_campaigns(
    database: duckdb.DuckDBPyConnection, report: FiguresReport, programme: Programme, units: Units
) -> None:
    """Expect of each campaign the units, their cost, and what they returned of the margin, as exported rows say."""
    results = {result.rule: result for result in report.rules}
    for campaign in CAMPAIGNS:
        rule, result = programme.rule(campaign.code), results[campaign.code]
        first, last = campaign.first_day(UNTIL), campaign.last_day(UNTIL)
        people = [
            row[0] for row in database.execute("SELECT member FROM joined WHERE day <= ?", [last]).fetchall()
        ]
        arms = [(member, is_held_out(member, rule)) for member in people]
        database.execute("CREATE OR REPLACE TABLE arms(member VARCHAR, is_out BOOLEAN)")
        database.executemany("INSERT INTO arms VALUES (?, ?)", arms)
        cost = sum(amount for (code, _), amount in units.items() if code == campaign.code)
        revenue = """SELECT coalesce(sum(p.total), 0) / count(DISTINCT a.member) FROM arms a LEFT JOIN
            (SELECT p.member, p.total FROM purchases p JOIN sales s USING (member, receipt, source)
             WHERE s.day BETWEEN $f AND $l) p USING (member) WHERE a.is_out = $o"""
        treated, held_out = (
            fetched(database, revenue, f=first, l=last, o=is_out) for is_out in (False, True)
        )
        assert result.revenue is not None
        assert result.roi is not None
        assert result.revenue.difference == pytest.approx(treated - held_out), campaign.code
        gain = (treated - held_out) * sum(not is_out for _, is_out in arms)
        # A point costs a cent.
        assert (result.roi.margin, result.roi.cost) == (MARGIN, cost), campaign.code
        assert result.roi.value == pytest.approx((gain * MARGIN / 100 - cost) / cost), campaign.code


def expect_variants(
    database: duckdb.DuckDBPyConnection, report: FiguresReport, programme: Programme, units: Units
) -> None:
    """Expect of each variant of the rule what its members bought and were given."""
    rule = programme.rule(VISITS)
    members = [row[0] for row in database.execute("SELECT member FROM joined").fetchall()]
    drawn = [(member, variant_of(rule.varied_name, rule.variants, member)) for member in members]
    database.execute("CREATE TABLE drawn(member VARCHAR, variant VARCHAR)")
    database.executemany("INSERT INTO drawn VALUES (?, ?)", drawn)
    results = {result.variant: result for result in report.variants[rule.varied_name]}
    assert {variant: result.share for variant, result in results.items()} == {"few": 0.5, "many": 0.5}
    per_member = "SELECT {} / (SELECT count(*) FROM drawn WHERE variant = $v) FROM {} JOIN drawn USING (member) WHERE variant = $v"
    for variant, result in results.items():
        assert result.revenue is not None
        assert result.receipts is not None
        count = per_member.format("count(*)", "sales")
        assert result.receipts.mean == pytest.approx(fetched(database, count, v=variant))
        total = per_member.format("sum(total)", "purchases")
        assert result.revenue.mean == pytest.approx(fetched(database, total, v=variant))
        given = result.awarded["points"] - result.deducted.get("points", 0)
        assert given == result.cost == units[VISITS, variant]  # a point costs a cent
    assert results["many"].awarded["points"] > 2 * results["few"].awarded["points"] > 0


async def expect_messages(runtime: Runtime, report: FiguresReport) -> None:
    """Expect each birthday's message to be counted as its variant, and more of the warmer one to be opened."""
    promised = Counter[str]()
    async for row in runtime.store["journal"].find({"member": {"$gt": ""}}):
        promised.update(message[-1] for message in row.get("messages", ()) if message[0] == "birthday")
    plain, coin = report.variants["message:birthday"]
    assert {"plain": plain.count, "coin": coin.count} == dict(promised)
    assert plain.conversion is not None
    assert coin.conversion is not None
    assert 0 < plain.opened < plain.count
    assert plain.conversion.mean < coin.conversion.mean <= 1
    rates = {(each.code, each.subject): each.value for each in report.figures}
    assert 0.1 < (rates["click_rate", "reward-unlocked"] or 0) < 0.3


def fetched(database: duckdb.DuckDBPyConnection, statement: str, **named: Any) -> float:
    row = database.execute(statement, named).fetchone()
    assert row is not None
    return float(row[0])


def periods(today: date) -> list[Period]:
    """The month before this one, the quarter before that, and the year through its end: whole months each."""
    last = today.replace(day=1) - timedelta(days=1)
    before = last.replace(day=1) - timedelta(days=1)
    quarter = (before.replace(day=1) - timedelta(days=40)).replace(day=1)
    return [
        Period(last.replace(day=1), last),
        Period(quarter, before),
        Period((last - timedelta(days=330)).replace(day=1), last),
    ]
