"""`selo repair`: write a member's stored state anew as their journal gives it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.commands.terminal.memberships import find_member_id
from api.process import Process, open_process
from api.settings.reading import read_settings
from domain.model.calendar import milliseconds
from domain.services.errors import NotFound
from domain.services.ledger.proof.repair import JournalBroken, RepairPlan, plan_repair
from domain.services.ledger.proof.repair import repair as write_repair
from domain.store.document_store import Stale


def repair(
    member: Annotated[str, typer.Argument(help="The membership number, or the id that selo verify prints.")],
    reason: Annotated[
        str, typer.Option(help="Why, without anybody's name; kept in the audit trail.")
    ] = "it differed from the journal",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Write a member's balances, tier and counters anew from the journal, which is never touched. Shows what
    differs, and asks first. Exit 1 where something is left that the journal does not say.
    """
    plan = run(_repair(member, reason, data, is_sure=yes))
    for difference in plan.left:
        print(f"Left as it is: {difference}")
    sys.exit(1 if plan.left else 0)


async def _repair(member: str, reason: str, data_folder: Path | None, *, is_sure: bool) -> RepairPlan:
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        plan = await _plan(process, await find_member_id(process, member))
        for difference in plan.differences:
            print(difference)
        if not plan.writes:
            print(f"{member}: nothing to repair")
            return plan
        if not is_sure and not typer.confirm("Write what the journal gives?"):
            raise CannotRun("Nothing was written.")
        await process.programmes.refresh()  # the answer may have taken a while
        shown, plan = plan, await _plan(process, plan.member)
        if plan.differences != shown.differences:
            raise CannotRun("The member has changed meanwhile, and nothing was written: try again.")
        try:
            await write_repair(
                process.store, plan, actor=operator(), reason=reason, now=milliseconds(utc_now())
            )
        except Stale:
            raise CannotRun("The member has changed meanwhile, and nothing was written: try again.") from None
        print(f"{member}: {len(plan.differences)} differences repaired")
        return plan


async def _plan(process: Process, member: str) -> RepairPlan:
    try:
        return await plan_repair(process.runtime, member)
    except NotFound:
        raise CannotRun(f"No member has the id {member}.") from None
    except JournalBroken as broken:
        lines = "".join(f"\n{fault}" for fault in broken.faults)
        raise CannotRun(
            "The journal itself is broken, so nothing can be repaired from it; compare it with a backup:"
            f"{lines}"
        ) from None
