"""`selo verify`: fold every member's journal and compare it with what is stored; also beside a running
server.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_database
from api.commands.demo import expect_filled
from api.commands.running import run
from api.commands.terminal.progress import progress_bar
from api.process import open_process
from api.settings import read_settings
from domain.services.ledger.verification import find_stale
from domain.services.ledger.verification import verify as find_differences


def verify(data: Annotated[Path | None, typer.Option(help="The data folder.")] = None) -> None:
    """Prove that what is stored was decided. Exit 1 and a list where anything differs, or a member's commits
    never take.
    """
    members, differences, stale = run(_verify(data))
    for line in (*differences, *stale):
        print(line)
    print(f"{members} members: " + (f"{len(differences)} differences" if differences else "no difference"))
    sys.exit(1 if differences or stale else 0)


async def _verify(data_folder: Path | None) -> tuple[int, list[str], list[str]]:
    settings = read_settings(data=data_folder)
    members = 0
    async with open_database(settings) as database, open_process(settings, database) as process:
        await expect_filled(process)
        with progress_bar() as bar:
            task = bar.add_task("Members", total=None)

            def show_progress(done: int) -> None:
                nonlocal members
                members = done
                bar.update(task, completed=done)

            differences = [str(one) async for one in find_differences(process.store, progress=show_progress)]
        stale = [
            f"{each.member}: no commit takes since {each.at:%Y-%m-%d %H:%M} UTC ({each.why})"
            for each in await find_stale(process.store)
        ]
    return members, differences, stale
