"""`selo verify`: fold journals and compare them with what is stored; also beside a running server."""

import random
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_address, open_connection
from api.commands.demo import expect_filled
from api.commands.proof.checkpoint import Checkpoint
from api.commands.proof.sharing import DatabaseAddress, Share, prove_shares
from api.commands.running import run
from api.commands.terminal.instants import read_instant
from api.commands.terminal.memberships import find_member_id
from api.commands.terminal.progress import progress_bar
from api.process import Process, archive_path, open_process
from api.settings.reading import read_settings
from domain.model.id_ranges import id_ranges
from domain.model.values import dataclass
from domain.services.ledger.verification import (
    LedgerProof,
    compare_all,
    draw_members,
    find_changed_since,
    find_stale,
)
from domain.store.ledger import code_counts

RANGES = 256  # of two million members each holds 8,000: a few seconds of one process
SHARE_SIZE = 200
MOST_PROCESSES = 64


@dataclass(frozen=True, slots=True)
class VerifyOrder:
    """Whose journals are to be proved, and how."""

    members: tuple[str, ...]
    sample: int | None
    since: datetime | None
    processes: int
    decides: bool
    checkpoint: Path | None
    data_folder: Path | None

    @property
    def is_narrow(self) -> bool:
        """Tell whether only some members are meant."""
        return bool(self.members) or self.sample is not None or self.since is not None


def verify(
    member: Annotated[
        list[str] | None, typer.Option(help="Only this member, by number or id; may be repeated.")
    ] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Only so many members, drawn at random.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only members with an event at this instant or later.")
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, max=MOST_PROCESSES, help="How many processes share the work.")
    ] = 1,
    decide: Annotated[
        bool,
        typer.Option(
            "--decide",
            help="Also decide each journal again by the versions that ruled, and compare.",
        ),
    ] = False,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="A file that says how far it is; a run that was cut off goes on from there."),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Prove that what is stored was decided. Exit 1 and a list where anything differs, or a member's commits
    never take. What adds up over all members is proved only where all are meant.
    """
    order = VerifyOrder(
        tuple(member or ()), sample, read_instant("--since", since), processes, decide, checkpoint, data
    )
    if order.is_narrow and checkpoint is not None:
        raise typer.BadParameter("it goes with a run over all members", param_hint="--checkpoint")
    if member and (sample is not None or since is not None):
        raise typer.BadParameter("it goes without --sample and --since", param_hint="--member")
    proof, stale = run(_verify(order))
    for line in (*proof.differences, *stale):
        print(line)
    count = len(proof.differences)
    if proof.from_bases:
        print(
            f"{proof.from_bases} members from where their archived rows left them, since these are not in"
            " SELO_ARCHIVE" + (": none of them was decided again" if decide else "")
        )
    print(f"{proof.members} members: " + (f"{count} differences" if count else "no difference"))
    sys.exit(1 if count or stale else 0)


async def _verify(order: VerifyOrder) -> tuple[LedgerProof, list[str]]:
    settings = read_settings(data=order.data_folder)
    async with (
        open_address(settings) as uri,
        open_connection(settings, uri) as database,
        open_process(settings, database) as process,
    ):
        await expect_filled(process)
        codes_before = await code_counts.find_all(process.store)
        all_shares = await _shares(process, order)
        point = Checkpoint.open(
            order.checkpoint,
            database=settings.database,
            decides=order.decides,
            share_count=len(all_shares),
            codes=codes_before,
        )
        shares = [share for share in all_shares if share.name not in point.done]
        address = DatabaseAddress(uri, settings.database, settings.database_seconds, archive_path(settings))
        with progress_bar() as bar:
            task = bar.add_task("Members", total=None)
            proofs = prove_shares(
                process.store, address, shares, processes=order.processes, decides=order.decides
            )
            async for share, proof in proofs:
                point.add(share.name, proof)
                bar.update(task, completed=point.proof.members)
        proof = point.proof
        if not order.is_narrow:
            proof.differences += await compare_all(process.store, proof, codes_before=point.codes_before)
        stale = [
            f"{each.member}: no commit takes since {each.at:%Y-%m-%d %H:%M} UTC ({each.why})"
            for each in await find_stale(process.store)
        ]
        point.close()
    return proof, stale


async def _shares(process: Process, order: VerifyOrder) -> list[Share]:
    """Return the members that are meant, in shares."""
    if not order.is_narrow:
        # The embedded database reads all members for a range of ids.
        count = order.processes if process.store.is_embedded else RANGES
        return [Share(f"{ids.start}-{ids.end}", ids) for ids in id_ranges(count)]
    if order.members:
        chosen = [await find_member_id(process, word) for word in order.members]
    elif order.since is not None:
        chosen = await find_changed_since(process.store, order.since)
        if order.sample is not None:
            chosen = random.sample(chosen, min(order.sample, len(chosen)))
    else:
        chosen = await draw_members(process.store, order.sample or 0)
    return [
        Share(str(start), tuple(chosen[start : start + SHARE_SIZE]))
        for start in range(0, len(chosen), SHARE_SIZE)
    ]
