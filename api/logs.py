"""Structured logs to stderr: one event a line, with whatever is bound to the request, and nothing personal.

A log line names ids, codes and figures; contacts, codes and tokens are masked should one slip in under its own name.
"""

import logging
import sys
from typing import Literal

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASKED = frozenset({"contact", "email", "phone", "name", "code", "token", "password", "secret", "card", "authorization", "uri"})

Format = Literal["console", "json"]


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide the value of every key that may hold something personal or secret."""
    for key in MASKED & event.keys():
        event[key] = "***"
    return event


def configure_logs(*, level: str, form: Format) -> None:
    """Send our own lines and those of the libraries through one writer; called once a process."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask,
        structlog.processors.format_exc_info if form == "json" else structlog.processors.StackInfoRenderer(),
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
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(form)]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for noisy in ("pymongo", "httpx", "httpcore", "asyncio", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(threshold if threshold == logging.DEBUG else max(threshold, logging.WARNING))


def _renderer(form: Format) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(serializer=lambda value, **_: orjson.dumps(value, default=str).decode())
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
