"""Structured logs: one JSON object a line on standard output, with ids and never personal data."""

import json
import logging
import sys
from typing import Any

import structlog

_ENCODER = json.JSONEncoder(ensure_ascii=False, default=repr)


def _write(line: Any, **_options: Any) -> str:
    """One encoder for the whole life of the process: json.dumps would make one a line."""
    return _ENCODER.encode(line)


def configure_logs(fmt: str = "json", level: int = logging.INFO) -> None:
    """Sets up structlog; `fmt` is 'json', or 'texte' for a person at a terminal."""
    renderer = (
        structlog.processors.JSONRenderer(serializer=_write)
        if fmt == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
