"""Files that a command reads."""

from pathlib import Path

from api.commands.running import CannotRun


def read_text(path: Path) -> str:
    """Return the text of a file. Raises CannotRun where it cannot be read or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as fault:
        raise CannotRun(f"Cannot read {path}: {fault.strerror}.") from None
    except UnicodeDecodeError:
        raise CannotRun(f"Cannot read {path}: it is no UTF-8 text; save it as UTF-8.") from None
