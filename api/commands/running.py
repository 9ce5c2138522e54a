"""How a command runs: one event loop, and for every fault that its user can mend one sentence on stderr and
exit code 1.
"""

import asyncio
import errno
import gc
import os
import sys
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn, TypeVar

import structlog

from api.embedded import EmbeddedFailed
from api.settings import DATABASE_VARIABLE, PREFIX, BadSettings
from api.settings.reading import variables
from domain.store.archive.segments import ArchiveDamaged
from domain.store.connect import Unreachable
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.ledger.archived.journal_bases import ArchiveAway
from domain.store.migrations.format import FormatMismatch
from domain.store.prepare import TransactionsUnsupported
from domain.store.secret_check import SecretMismatch

log = structlog.get_logger(__name__)

new_loop: Callable[[], asyncio.AbstractEventLoop] | None
try:
    import uvloop
except ImportError:  # the platform has no uvloop: asyncio's own loop is used
    new_loop = None
else:
    new_loop = uvloop.new_event_loop


T = TypeVar("T")

GC_THRESHOLD = 10_000  # allocations less deallocations before the collector looks for reference cycles
USER_MENDABLE_ERRNOS = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.EEXIST,
        errno.ENOENT,
        errno.ENAMETOOLONG,
    }
)


class CannotRun(Exception):
    """The command cannot do what was asked. The message is one sentence that says what to do about it."""


def run(work: Coroutine[object, object, T]) -> T:
    """Run a command to its end."""
    gc.freeze()  # imported objects live for good and are never scanned again
    gc.set_threshold(GC_THRESHOLD)
    with exit_on_user_errors(), asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(work)


@contextmanager
def exit_on_user_errors() -> Iterator[None]:
    """Print a sentence and exit with 1 for a fault that the user can mend; any other fault keeps its
    traceback.
    """
    try:
        yield
    except (
        CannotRun,
        EmbeddedFailed,
        BadSettings,
        Unreachable,
        TransactionsUnsupported,
        FormatMismatch,
        SecretMismatch,
    ) as fault:
        fail(str(fault))
    except ArchiveAway as fault:
        fail(
            f"Old journal rows are in an archive that is not here ({fault}): name its folder by SELO_ARCHIVE."
        )
    except ArchiveDamaged as fault:
        fail(str(fault))
    except (Busy, StoreFault, DatabaseError) as fault:
        fail(f"The database went away, or refused ({type(fault).__name__}); try again.")
    except OSError as fault:
        if fault.errno not in USER_MENDABLE_ERRNOS or fault.filename is None:
            raise
        folder = Path(os.fsdecode(fault.filename)).parent
        if fault.errno == errno.ENOENT and not folder.exists():
            fail(f"{folder} is not there: make the folder, or name another.")
        fail(f"{fault.filename} cannot be written or read: {fault.strerror}.")
    except KeyboardInterrupt:
        sys.exit(130)


def unknown_variables(environment: Collection[str]) -> dict[str, str | None]:
    """Return the variables that look like ours and are none, each with the nearest name that is one.

    Looks like ours: a name with our prefix, and one that is nearly MONGODB_URI where that is not set: a
    server would start an empty database of its own instead.
    """
    known, has_database = variables(), DATABASE_VARIABLE in environment
    unknown: dict[str, str | None] = {}
    for variable in sorted(environment):
        name = variable.upper()
        if name in known:
            continue
        if name.startswith(PREFIX):
            # Compared without the prefix, which would make any two alike.
            bare_names = {each.removeprefix(PREFIX): each for each in known}
            neighbours = get_close_matches(name.removeprefix(PREFIX), bare_names, n=1)
            unknown[variable] = bare_names[neighbours[0]] if neighbours else None
        elif not has_database and get_close_matches(name, [DATABASE_VARIABLE], cutoff=0.89):
            unknown[variable] = DATABASE_VARIABLE
    return unknown


def warn_of_unknown_variables() -> None:
    """Log each variable that looks like a setting and is none, with the nearest name that is one."""
    for variable, nearest in unknown_variables(os.environ).items():
        log.warning("settings.unknown", variable=variable, nearest=nearest)


def fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr, flush=True)
    sys.exit(1)
