"""In whose name a command acts, for the audit trail: whoever is signed in to this machine."""

import getpass

from domain.store.audit import COMMAND_LINE


def operator() -> str:
    """Return `cli:NAME`; `cli` alone where the machine knows no name, as in some containers."""
    try:
        return f"{COMMAND_LINE}:{getpass.getuser()[:64]}"
    except (KeyError, OSError):
        return COMMAND_LINE
