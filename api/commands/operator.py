"""The actor of a command in the audit trail: the user of this machine."""

import getpass

from domain.store.audit import COMMAND_LINE


def operator() -> str:
    """Return `cli:NAME`; `cli` alone where the machine has no user name, as in some containers."""
    try:
        return f"{COMMAND_LINE}:{getpass.getuser()[:64]}"
    except (KeyError, OSError):
        return COMMAND_LINE
