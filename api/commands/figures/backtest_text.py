"""The report of a back-test, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from domain.model.calendar import local_day
from domain.model.figures.backtest.comparison import MemberChange
from domain.model.figures.backtest.report import BacktestReport, CountComparison
from domain.model.programme import Programme

Row = Sequence[str | int | None]


def report_text(report: BacktestReport, programme: Programme, numbers: Mapping[str, str]) -> str:
    """Return the report as lines of text: what was, what would have been, and the difference. `numbers` are
    the membership numbers of the members whom it names.
    """
    since, until = (local_day(at, programme.zone) for at in (report.since, report.until))
    who = f"{report.member_count:,} members{', a sample,' if report.is_sample else ''}"
    lines = [f"{report.event_count:,} events of {who} from {since} to {until}, decided again."]
    lines += _table("Wallets", _wallet_rows(report))
    lines += _table("Rules", _rule_rows(report))
    for title, counts in (
        ("Vouchers issued", report.rewards),
        ("Tiers at the end", report.tiers),
        ("Messages", report.messages),
    ):
        lines += _table(title, _count_rows(counts))
    lines += _changes("Gain most", report.gaining, report.gaining_count, numbers)
    lines += _changes("Lose most", report.losing, report.losing_count, numbers)
    if report.refused:
        lines += ["", "Would be refused:"]
        lines += [f"  {one.count} x {one.event}: {one.refusal}" for one in report.refused]
    lines += ["", "Taken as it is stored:"]
    lines += [f"  {count:,} {what}" for what, count in _taken(report)]
    lines.append("  What was refused then is not tried again.")
    if report.left_out_count:
        lines.append(
            f"Left out: {report.left_out_count} members: erased, with too many events, or not for this draft."
        )
    return "\n".join(lines)


def _taken(report: BacktestReport) -> Iterable[tuple[str, int]]:
    taken = report.taken_as_stored
    yield "effects of other members", taken.from_others
    yield "decisions while a reward was sold out", taken.sold_out
    yield "decisions that looked at what is private", taken.private


def _wallet_rows(report: BacktestReport) -> Iterable[Row]:
    for each in report.wallets:
        was, would_be = each.was, each.would_be
        for name, before, after in (
            ("awarded", was.awarded, would_be.awarded),
            ("clawed back", was.clawed_back, would_be.clawed_back),
            ("spent", was.spent, would_be.spent),
            ("returned", was.returned, would_be.returned),
            ("lapsed", was.expired, would_be.expired),
            ("outstanding", was.outstanding, would_be.outstanding),
            ("cost (minor units)", was.cost_minor, would_be.cost_minor),
            ("liability (minor units)", was.liability_minor, would_be.liability_minor),
        ):
            if before is not None or after is not None:
                yield f"{each.wallet} {name}", before, after


def _rule_rows(report: BacktestReport) -> Iterable[Row]:
    for each in report.rules:
        yield f"{each.rule} fired", each.was.fired, each.would_be.fired
        if each.wallet is not None:
            yield f"  {each.wallet} awarded", each.was.awarded, each.would_be.awarded
            for name, before, after in (
                ("clawed back", each.was.clawed_back, each.would_be.clawed_back),
                ("deducted", each.was.deducted, each.would_be.deducted),
            ):
                if before or after:
                    yield f"  {each.wallet} {name}", before, after


def _count_rows(counts: Iterable[CountComparison]) -> Iterable[Row]:
    return ((one.code, one.was, one.would_be) for one in counts if one.was or one.would_be)


def _table(title: str, rows: Iterable[Row]) -> list[str]:
    lines = [
        f"  {name!s:<40}{_number(was):>14}{_number(would_be):>14}{_change(was, would_be):>14}"
        for name, was, would_be in rows
    ]
    return ["", f"{title:<42}{'was':>14}{'would be':>14}{'change':>14}", *lines] if lines else []


def _changes(
    title: str, changes: Sequence[MemberChange], count: int, numbers: Mapping[str, str]
) -> list[str]:
    if not changes:
        return []
    return [
        "",
        f"{title} ({count} members):",
        *(
            f"  {numbers.get(one.member, '-'):<20}{one.was:>14,}{one.would_be:>14,}{one.difference:>+14,}"
            for one in changes
        ),
    ]


def _number(value: str | int | None) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else value


def _change(was: str | int | None, would_be: str | int | None) -> str:
    if not isinstance(was, int) or not isinstance(would_be, int):
        return "-"
    return f"{would_be - was:+,}" if would_be != was else "="
