"""`selo figures`: the key figures of a period, with what each is divided by, and making them again."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.figures.club_text import club_json, club_lines
from api.commands.running import CannotRun, run
from api.commands.terminal.progress import progress_bar
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.figures.figure import Figure
from domain.services.errors import InvalidInput
from domain.services.figures import reading
from domain.services.figures.reading import FiguresReport, Period
from domain.services.figures.rebuilding import rebuild as rebuild_figures
from domain.services.figures.variant_results import VariantResult
from domain.store.figures.lease import LeaseHolder, MustCountAll
from domain.store.ledger.programmes import NothingPublished

figures = typer.Typer(
    help="What the programme comes to: key figures of a period, counted from the journal.",
    no_args_is_help=True,
)
DataOption = Annotated[Path | None, typer.Option(help="The data folder.")]


@figures.command()
def show(
    since: Annotated[
        str | None, typer.Option("--from", help="The first day; by default 30 days with --to.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="The last day; by default today.")] = None,
    store: Annotated[str | None, typer.Option(help="Only what happened in this store.")] = None,
    tier: Annotated[str | None, typer.Option(help="Only of members who held this tier then.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    data: DataOption = None,
) -> None:
    """Show the figures of a period, each with numerator, denominator and the value of the period before."""
    report = run(_read(since, until, store, tier, data))
    if as_json:
        print(json.dumps(_report_json(report), indent=2))
        return
    for line in _report_lines(report):
        print(line)


@figures.command()
def rebuild(
    since: Annotated[
        str | None, typer.Option(help="Only this day of the programme and later ones; earlier ones stay.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Count everything again from the journal, or the days since one; also beside a running server."""
    row_count = run(_rebuild(_day("--since", since), data))
    print(f"Counted again{f' since {since}' if since else ''}: {row_count} rows")


async def _read(
    since: str | None, until: str | None, store: str | None, tier: str | None, data_folder: Path | None
) -> FiguresReport:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        try:
            usual = reading.default_period(process.runtime, now=process.programme_clock())
            end = _day("--to", until) or usual.end
            start = _day("--from", since) or max(end, reading.FIRST_DAY) - (usual.end - usual.start)
            period = Period(start, end, store, tier)
            return await reading.read_report(process.runtime, period, with_boards=True)
        except InvalidInput as fault:
            raise CannotRun(f"{fault}.") from None
        except NothingPublished:
            raise CannotRun("No programme is published yet: selo programme publish FILE.") from None


def _day(option: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise CannotRun(f"{option} is no day: write it as 2026-03-31.") from None


async def _rebuild(since: date | None, data_folder: Path | None) -> int:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        with progress_bar() as bar:
            task = bar.add_task("Rows", total=None)
            try:
                return await rebuild_figures(
                    process.runtime,
                    LeaseHolder(utc_now),
                    since=since,
                    progress=lambda rows: bar.update(task, completed=rows),
                )
            except NothingPublished:
                raise CannotRun("No programme is published yet: selo programme publish FILE.") from None
            except MustCountAll as fault:
                raise CannotRun(
                    f"Earlier days are not whole ({fault}): count everything by selo figures rebuild."
                ) from None


# ---------------------------------------------------------------- how it is shown
def _report_json(report: FiguresReport) -> dict[str, object]:
    before = _by_key(report.before)
    return {
        "from": report.period.start.isoformat(),
        "to": report.period.end.isoformat(),
        "store": report.period.store,
        "tier": report.period.tier,
        "waitingSince": None if report.waiting_since is None else report.waiting_since.isoformat(),
        "figures": [
            {**asdict(figure), "before": _earlier_value(before, figure)} for figure in report.figures
        ],
        "goals": [{**asdict(goal), "by": goal.by.isoformat()} for goal in report.goals],
        "rules": [asdict(result) for result in report.rules],
        "held": [asdict(each) for each in report.held],
        "heldOn": None if report.held_on is None else report.held_on.isoformat(),
        "variants": {part: [asdict(each) for each in some] for part, some in report.variants.items()},
        **club_json(report),
        "days": {day.isoformat(): dict(sums) for day, sums in report.days},
    }


def _report_lines(report: FiguresReport) -> Iterator[str]:
    before = _by_key(report.before)
    place = f"store {report.period.store or 'all'}, tier {report.period.tier or 'all'}"
    yield f"{report.period.start} to {report.period.end}, {place}"
    for figure in report.figures:
        name = figure.code if figure.subject is None else f"{figure.code} {figure.subject}"
        parts = "" if figure.denominator is None else f"{figure.numerator:g} / {figure.denominator:g}"
        earlier = _value_text(before.get((figure.code, figure.subject)))
        yield f"{name:40} {_value_text(figure):>14}   {parts:30} before: {earlier}"
    for goal in report.goals:
        name = goal.figure if goal.subject is None else f"{goal.figure} {goal.subject}"
        bound = f"at {'most' if goal.is_upper else 'least'} {goal.bound:g} by {goal.by}"
        fate = {True: "met", False: "not met", None: "cannot be told"}[goal.is_met]
        yield f"goal: {name} {bound}: {fate}"
    for held in report.held:
        worth = "" if held.cost is None else f"   cost {held.cost:,.0f}"
        yield f"held on {report.held_on}, {held.wallet} {held.lapses}: {held.amount:,}{worth}"
    for rule in report.rules:
        if rule.roi is not None:
            span = f"{rule.roi.low:.0%} to {rule.roi.high:.0%}"
            yield f"rule {rule.rule}: ROI {rule.roi.value:.0%} ({span}), assumed margin {rule.roi.margin} %"
    for part, some in report.variants.items():
        yield from (_variant_line(part, each) for each in some)
    yield from club_lines(report)
    if report.waiting_since is not None:
        yield f"Not counted yet: what was committed since {report.waiting_since:%Y-%m-%dT%H:%M:%SZ}."


def _variant_line(part: str, result: VariantResult) -> str:
    """Return what a variant came to: how often, how many of its members, and what it brought each of them."""
    line = f"{part} {result.variant} ({result.share:.0%}): {result.count} times"
    if result.conversion is not None:
        line += f", reached {result.conversion.mean:.1%}"
    brought = result.revenue.difference if result.revenue is not None else None
    if brought is None:
        return line
    return f"{line}, revenue a member {brought.difference:+.2f} ({brought.low:+.2f} to {brought.high:+.2f})"


def _earlier_value(before: Mapping[tuple[str, str | None], Figure], figure: Figure) -> float | None:
    earlier = before.get((figure.code, figure.subject))
    return None if earlier is None else earlier.value


def _value_text(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "-"
    return f"{figure.value:.1%}" if figure.unit == "RATE" else f"{figure.value:,.2f}".removesuffix(".00")


def _by_key(figures: tuple[Figure, ...]) -> dict[tuple[str, str | None], Figure]:
    return {(figure.code, figure.subject): figure for figure in figures}
