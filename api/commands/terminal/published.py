"""What a command needs of the published programme, and what it says without one."""

from api.commands.running import CannotRun
from api.process import Process
from domain.store.ledger.programmes import NothingPublished, PublishedProgramme

NOTHING_PUBLISHED = "No programme is published yet: selo programme publish FILE."


def expect_programme(process: Process) -> PublishedProgramme:
    """Return the published programme. Raises CannotRun where none ever was."""
    try:
        return process.programmes.current()
    except NothingPublished:
        raise CannotRun(NOTHING_PUBLISHED) from None
