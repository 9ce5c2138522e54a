"""`selo export members | entries | purchases | events`: files of a folder, a day or a part each."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_database
from api.commands.demo import expect_filled
from api.commands.export.manifest import Manifest, begin, unfinished_days
from api.commands.export.writing import Format, open_rows
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.commands.terminal.instants import read_day
from api.commands.terminal.progress import counting_bar
from api.commands.terminal.published import expect_programme
from api.process import Process, open_process
from api.settings.reading import read_settings
from domain.model.calendar import local_day, milliseconds, start_of
from domain.model.values import dataclass
from domain.services.moving import event_export, row_export
from domain.services.moving.row_export import ExportColumn, ExportRow

MEMBERS_A_PART = 10_000
MOST_DAYS = 36_600

Since = Annotated[
    str | None, typer.Option("--from", help="The first day, such as 2026-03-01; that of the first event.")
]
Until = Annotated[str | None, typer.Option("--to", help="The last day, included; today without it.")]
Form = Annotated[Format, typer.Option("--format", help="ndjson: one JSON object a line; csv; parquet.")]
Out = Annotated[
    Path, typer.Option(help="The folder to write to. A run that was cut off goes on there.", file_okay=False)
]
Personal = Annotated[
    bool,
    typer.Option("--personal", help="With what names a person: contacts, name, birthday; needs --reason."),
]
Reason = Annotated[
    str | None, typer.Option(help="Why personal data are taken; kept in the audit trail.", show_default=False)
]
Data = Annotated[Path | None, typer.Option(help="The data folder.")]


@dataclass(frozen=True, slots=True)
class Order:
    """What is exported: `of` names it, days are texts as they were typed."""

    of: str
    form: Format
    out: Path
    since: str | None = None
    until: str | None = None
    is_personal: bool = False
    reason: str | None = None
    data_folder: Path | None = None


DayRows = Callable[[Process, datetime, datetime], AsyncIterator[ExportRow]]


# ---------------------------------------------------------------- commands
def export_entries(
    out: Out, since: Since = None, until: Until = None, form: Form = Format.NDJSON, data: Data = None
) -> None:
    """Write the entries of all wallets, a file for each day of the programme's zone: what each gave or took,
    why, and the balance after it. A member's entries add up to their balance.
    """

    def rows(process: Process, start: datetime, end: datetime) -> AsyncIterator[ExportRow]:
        return row_export.iterate_entries(process.runtime, start=start, end=end)

    order = Order("entries", form, out, since, until, data_folder=data)
    run(_export_days(order, row_export.ENTRY_COLUMNS, rows))


def export_purchases(
    out: Out, since: Since = None, until: Until = None, form: Form = Format.NDJSON, data: Data = None
) -> None:
    """Write receipts, refunds and corrections, a file for each day of the programme's zone. `total` adds up
    to the turnover.
    """

    def rows(process: Process, start: datetime, end: datetime) -> AsyncIterator[ExportRow]:
        return row_export.iterate_purchases(process.runtime, start=start, end=end)

    order = Order("purchases", form, out, since, until, data_folder=data)
    run(_export_days(order, row_export.PURCHASE_COLUMNS, rows))


def export_events(
    out: Out,
    since: Since = None,
    until: Until = None,
    form: Form = Format.NDJSON,
    personal: Personal = False,
    reason: Reason = None,
    data: Data = None,
) -> None:
    """Write what happened to members as `selo simulate` reads it, a file for each day on which it was heard
    of. A programme that gives for birthdays or attributes comes to the same balances with --personal alone.
    """
    order = Order("events", form, out, since, until, personal, reason, data)

    def rows(process: Process, start: datetime, end: datetime) -> AsyncIterator[ExportRow]:
        return event_export.iterate_event_lines(
            process.runtime, start=start, end=end, with_person=order.is_personal
        )

    columns = [ExportColumn(name) for name in ("at", "heard", "member", "name", "source")]
    run(_export_days(order, [*columns, ExportColumn("data", "json")], rows))


def export_members(
    out: Out,
    form: Form = Format.NDJSON,
    personal: Personal = False,
    reason: Reason = None,
    data: Data = None,
) -> None:
    """Write every membership as it stands now, erased and merged ones too, in files of 10,000."""
    run(_export_members(Order("members", form, out, None, None, personal, reason, data)))


# ---------------------------------------------------------------- running
async def _export_days(order: Order, columns: Sequence[ExportColumn], rows: DayRows) -> None:
    _check_reason(order)
    settings = read_settings(data=order.data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        await _expect_members(process)
        first, last = await _days(process, order)
        options = {"of": order.of, "format": order.form.value, "personal": order.is_personal}
        manifest = begin(order.out, {**options, "from": str(first), "to": str(last)})
        await _note_personal(process, order)
        zone, days = process.runtime.programme.zone, (last - first).days + 1
        with counting_bar() as bar:
            task = bar.add_task("Days", total=days, completed=len(manifest.parts))
            for number in range(len(manifest.parts), days):
                day = first + timedelta(days=number)
                start, end = start_of(day, zone), start_of(day + timedelta(days=1), zone)
                await _write_part(manifest, order, str(day), columns, rows(process, start, end))
                bar.update(task, completed=number + 1)
        manifest.finish()


async def _export_members(order: Order) -> None:
    _check_reason(order)
    settings = read_settings(data=order.data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        await _expect_members(process)
        options = {"of": order.of, "format": order.form.value, "personal": order.is_personal}
        manifest = begin(order.out, {**options})
        await _note_personal(process, order)
        columns = row_export.member_columns(process.runtime.programme, with_person=order.is_personal)
        now = milliseconds(process.programme_clock())
        with counting_bar() as bar:
            done = sum(part["rows"] for part in manifest.parts)
            task = bar.add_task("Members", total=None, completed=done)
            while not manifest.parts or manifest.parts[-1]["rows"] == MEMBERS_A_PART:
                after = manifest.parts[-1]["last"] if manifest.parts else ""
                rows = row_export.iterate_members(
                    process.runtime,
                    after=after,
                    first=MEMBERS_A_PART,
                    with_person=order.is_personal,
                    now=now,
                )
                await _write_part(manifest, order, f"{len(manifest.parts) + 1:05d}", columns, rows)
                done += manifest.parts[-1]["rows"]
                bar.update(task, completed=done)
        manifest.finish()


async def _write_part(
    manifest: Manifest,
    order: Order,
    name: str,
    columns: Sequence[ExportColumn],
    rows: AsyncIterator[ExportRow],
) -> None:
    """Write the rows of a day or a part, and note it; what is without rows leaves no file."""
    path = order.out / f"{order.of}-{name}.{order.form.value}"
    count, last = 0, None
    with open_rows(path, order.form, columns) as write:
        async for row in rows:
            write(row)
            count, last = count + 1, row["member"]
    if not count:
        path.unlink()
    manifest.add({"file": path.name if count else None, "rows": count, "last": last})


async def _days(process: Process, order: Order) -> tuple[date, date]:
    zone, cut_off = process.runtime.programme.zone, unfinished_days(order.out, order.of)
    if cut_off is not None:  # what is left out stays as it was when it was cut off
        order = replace(order, since=order.since or cut_off[0], until=order.until or cut_off[1])
    if order.since is not None:
        first = read_day("--from", order.since)
    else:
        first_at = await event_export.find_first_at(process.runtime, now=process.programme_clock())
        first = local_day(first_at or process.programme_clock(), zone)
    today = local_day(process.programme_clock(), zone)
    last = read_day("--to", order.until) if order.until is not None else today
    if last < first:
        raise CannotRun(f"--to {last} is before --from {first}; swap them.")
    if (last - first).days >= MOST_DAYS:
        raise CannotRun(f"{first} to {last} are more than {MOST_DAYS} days: take fewer at once.")
    return first, last


def _check_reason(order: Order) -> None:
    if order.is_personal and not (order.reason or "").strip():
        raise CannotRun(
            "--personal needs --reason: say why personal data are taken; the audit trail keeps it."
        )


async def _note_personal(process: Process, order: Order) -> None:
    if order.is_personal:
        now = milliseconds(process.programme_clock())
        await event_export.note_personal(
            process.runtime, of=order.of, reason=str(order.reason), actor=operator(), now=now
        )


async def _expect_members(process: Process) -> None:
    expect_programme(process)
    await expect_filled(process)
