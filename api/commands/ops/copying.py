"""What restore and move share: a copy with its progress, and a sentence for each refusal."""

from api.commands.running import CannotRun
from api.commands.terminal.progress import progress_bar
from domain.store.copying.copy import CopyDiffers, DocumentSource, OtherCopy, TargetNotEmpty, copy_database
from domain.store.document_store import DocumentStore


async def copy_into(target: DocumentStore, source: DocumentSource) -> int | None:
    """Copy a source into a database; return how many documents it has, None where an earlier run had copied
    them. Raises CannotRun.
    """
    with progress_bar() as bar:
        task = bar.add_task("Copying", total=None)

        def show(collection: str, count: int) -> None:
            bar.update(task, description=collection, advance=count)

        try:
            return await copy_database(source, target, progress=show)
        except OtherCopy:
            raise CannotRun(
                f"The database {target.mongo.name} holds a part of another copy: drop it, or name another by"
                " SELO_DATABASE."
            ) from None
        except TargetNotEmpty as fault:
            raise CannotRun(
                f"The database {target.mongo.name} holds something already ({fault}): name an empty one, by"
                " --data or SELO_DATABASE."
            ) from None
        except CopyDiffers as fault:
            raise CannotRun(
                f"What was copied of {fault} differs from its source: somebody writes to one of them. Stop"
                " them, drop the copy, and begin again."
            ) from None
