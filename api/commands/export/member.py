"""`selo export member`: all that is stored of a member, for whoever cannot sign in."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_database
from api.commands.export.writing import open_text
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.commands.terminal.memberships import find_membership
from api.commands.terminal.published import expect_programme
from api.graphql.engine.audience import Audience
from api.graphql.member.data_file import write_data_file
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.calendar import milliseconds
from domain.services.people import data_exports
from domain.services.people.service_actor import ServiceActor


def export_member(
    number: Annotated[str, typer.Argument(help="The membership number.")],
    reason: Annotated[str, typer.Option(help="Who asked for it, and how; kept in the audit trail.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write, once it is whole; standard output without it.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Write all that is stored of a member as one JSON file, in their language: for whoever asks for their
    data and cannot sign in. Hand it to nobody else.
    """
    run(_export_member(number, reason, out, data))


async def _export_member(number: str, reason: str, out: Path | None, data_folder: Path | None) -> None:
    if not reason.strip():
        raise CannotRun("--reason is empty: say who asked for it, and how.")
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        expect_programme(process)
        runtime, now = process.runtime, milliseconds(process.programme_clock())
        stored_member = await find_membership(process, number)
        member, locale = stored_member.member.id, stored_member.details.locale
        actor = ServiceActor(operator(), "OPERATOR")
        await data_exports.note_by_service(runtime, actor=actor, member_id=member, reason=reason, now=now)
        current = runtime.programmes.current()
        audience = Audience(
            current.programme, current.number, runtime.programmes.loaded_or_current, locale, now
        )
        with open_text(out) as file:
            async for part in write_data_file(runtime, audience, member_id=member, actor="service"):
                file.write(part.decode())
