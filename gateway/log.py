"""Log lines: events with keys, as key=value on a terminal and as JSON elsewhere, on standard error.

Above debug the local parts of addresses are hidden in every value, tracebacks included.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_ADDRESS = re.compile(r"[^\s<>\"'(),:;=\[\]{}@]{1,256}@(?=[\w-])")


def configure(level: str = "info", format: str = "auto", *, stream: TextIO | None = None) -> None:
    """Set up logging for the process. format: text, json, or auto = text on a terminal."""
    out = stream or sys.stderr
    as_text = format == "text" or (format == "auto" and out.isatty())
    number = _LEVELS[level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *([] if number <= logging.DEBUG else [hide_local_parts]),
            _as_text() if as_text else structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        stream=out,
        level=max(number, logging.WARNING),
        force=True,
        format="%(levelname)s %(name)s %(message)s",
    )


def get_logger(name: str = "") -> Any:
    """A logger of this room: ``log.info("message posted", mail=1)``."""
    return structlog.get_logger(**({"room": name} if name else {}))


def hide_local_parts(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what stands before the @ of every address by ``…``."""
    for key, value in event.items():
        event[key] = _hidden(value)
    return event


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return _ADDRESS.sub("…@", value) if "@" in value else value
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(item) for item in value]
    if isinstance(value, dict):
        return {_hidden(key): _hidden(item) for key, item in value.items()}
    return value if isinstance(value, int | float | None) else _hidden(str(value))


def _as_text() -> Any:
    return structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"], sort_keys=False)
