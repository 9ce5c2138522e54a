"""`selo clock`: the time of a demo's programme, and its way forward. No other database has such a clock."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_database
from api.commands.running import CannotRun, run
from api.commands.terminal.published import expect_programme
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.values import dataclass
from domain.services import demo
from domain.store.programme_clock import MAX_AHEAD, NotADemo, TooFarAhead, move_forward

# Months and years have no length of their own, and a demo's clock counts seconds.
_DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9})S)?)?"
)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The programme's instant, in its zone, and by how much it is ahead of the world."""

    now: datetime
    ahead: timedelta


def clock(
    forward: Annotated[
        str | None, typer.Option(help="Move it forward by so much, such as P14D, P2W or PT36H.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Show the clock of a demo's programme, or move it forward. Never back, and on no other database."""
    reading = run(_clock(forward, data))
    ahead = f"{_span(reading.ahead)} ahead of the world's" if reading.ahead else "the world's"
    print(f"The programme's time is {reading.now.isoformat(timespec='seconds')}, {ahead}")


def read_duration(text: str) -> timedelta:
    """Return the span of an ISO 8601 duration, from weeks down to seconds. Raises CannotRun."""
    match = _DURATION.fullmatch(text.upper())
    parts = {} if match is None else {unit: int(n) for unit, n in match.groupdict().items() if n is not None}
    span = timedelta(**parts)
    if not span:
        raise CannotRun(
            f"--forward {text} is no way forward; write it like P14D, P2W or PT36H: a month is P30D, a year"
            " P365D."
        )
    return span


async def _clock(forward: str | None, data_folder: Path | None) -> ClockReading:
    by = None if forward is None else read_duration(forward)
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        time = process.runtime.programme_time
        if not time.is_demo or await demo.is_unfinished(process.store):
            raise _no_demo()
        if by is not None:
            try:
                await move_forward(process.store, by, now=process.clock())
            except NotADemo:
                raise _no_demo() from None
            except TooFarAhead:
                raise CannotRun(f"A clock goes at most {_span(MAX_AHEAD)} ahead of the world's.") from None
            await time.read(process.store)
        zone = expect_programme(process).programme.zone
        return ClockReading(process.programme_clock().astimezone(zone), time.ahead)


def _no_demo() -> CannotRun:
    return CannotRun(
        "This database is no demo's, so its time is the world's. Only a folder that selo serve --demo has"
        " made has a clock that can be moved."
    )


def _span(span: timedelta) -> str:
    """Return a span in words: days, hours, minutes and seconds, without those that are none."""
    hours, seconds = divmod(span.seconds, 3600)
    counts = {"day": span.days, "hour": hours, "minute": seconds // 60, "second": seconds % 60}
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for unit, count in counts.items() if count)
