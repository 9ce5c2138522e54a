"""Structured logs to stderr: one event a line, with what is bound to the request, and nothing personal.

A log line names ids, codes and figures. Contacts, codes and tokens are masked where a key has such a name.
Libraries log from WARNING on, whatever the level: below it the driver writes whole commands, and others write
addresses, headers and tokens. An error is logged by its type and place, never by its message, which may hold
user input.
"""

import logging
import sys
import traceback
from pathlib import PurePath
from typing import Literal

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASKED = frozenset(
    {
        "contact",
        "email",
        "phone",
        "name",
        "code",
        "token",
        "password",
        "secret",
        "card",
        "authorization",
        "uri",
    }
)

OWN_LOGGERS = ("api", "domain", "selo")
MAX_FRAMES = 12

Format = Literal["console", "json"]


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask the value of every key that may hold something personal or secret."""
    for key in MASKED & event.keys():
        event[key] = "***"
    return event


def replace_traceback(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put the type and the place of an error in place of its traceback."""
    exc_info = event.pop("exc_info", None)
    error = (
        sys.exc_info()[1] if exc_info is True else exc_info[1] if isinstance(exc_info, tuple) else exc_info
    )
    if isinstance(error, BaseException):
        event["error"], event["frames"] = type(error).__name__, frames_of(error)
        # asyncio writes the error and its message below the first line.
        event["event"] = event["event"].partition("\n")[0]
    return event


def frames_of(error: BaseException) -> list[str]:
    """Return where an error was raised and who called, without its message."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    return [
        f"{'/'.join(PurePath(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}" for frame in frames
    ]


def configure_logs(*, level: str, form: Format) -> None:
    """Send our lines and those of the libraries through one handler. Called once a process."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask,
        replace_traceback,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(form)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(threshold, logging.WARNING))
    for logger_name in OWN_LOGGERS:
        logging.getLogger(logger_name).setLevel(threshold)


def _renderer(form: Format) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(
            serializer=lambda value, **_: orjson.dumps(value, default=str).decode()
        )
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
