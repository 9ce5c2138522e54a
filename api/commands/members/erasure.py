"""`selo erase` and `selo erasures`: a person erased, and erasures done again in a restored database."""

from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.commands.terminal.memberships import find_membership
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.calendar import milliseconds
from domain.services.erasure.erasing import ErasedLedger, ErasureActor
from domain.services.erasure.erasing import erase as erase_member
from domain.services.erasure.replaying import replay as replay_erasures
from domain.store.ledger.programmes import NothingPublished

DataOption = Annotated[Path | None, typer.Option(help="The data folder.")]

erasure_commands = typer.Typer(help="Erasures: replay, after a restored backup.", no_args_is_help=True)


@erasure_commands.callback()
def erasure_options() -> None:
    """Erasures: replay, after a restored backup."""


def erase(
    number: Annotated[str, typer.Argument(help="The membership number.")],
    reason: Annotated[
        str, typer.Option(help="Who asked for it, and how, without their name; kept in the audit trail.")
    ],
    data: DataOption = None,
) -> None:
    """Erase a person, at once and for good: profile, contacts, devices, messages. Balances are written off,
    open vouchers end; figures stay under a random id.
    """
    erased = run(_erase(number, reason, data))
    print(
        f"{number} is erased: {erased.entry_count} balances written off, {erased.voucher_count} open vouchers"
        " ended"
    )


async def _erase(number: str, reason: str, data_folder: Path | None) -> ErasedLedger:
    if not reason.strip():
        raise CannotRun("--reason is empty: say who asked for it, and how.")
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        stored_member = await find_membership(process, number)
        by = ErasureActor("service", operator(), reason.strip())
        try:
            erased = await erase_member(
                process.runtime, stored_member.member.id, by=by, now=milliseconds(utc_now())
            )
        except OSError as fault:
            raise CannotRun(
                f"The file of erasures cannot be written ({fault.strerror}), so nobody was erased:"
                " see SELO_ERASURES_FILE."
            ) from None
    return erased or ErasedLedger(0, 0)


@erasure_commands.command("replay")
def replay(data: DataOption = None) -> None:
    """Erase again whom the file of erasures names and the database still has, as after a restored backup."""

    async def work() -> int:
        settings = read_settings(data=data)
        async with open_database(settings) as database, open_process(settings, database) as process:
            try:
                return await replay_erasures(process.runtime, actor=operator(), now=milliseconds(utc_now()))
            except NothingPublished:
                return 0  # so there are no members

    print(f"{run(work())} members erased again")
