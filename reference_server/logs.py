"""What the server says on standard error: lines for people, or one JSON object a line for machines.

Neither ever shows a token, a cookie, a header, a query or a message: what is logged is named here and where it is
logged, field by field. Fields are given as `extra=fields(...)`, and only the JSON form shows them.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Any

import orjson

_FIELDS = "sensorswarm_fields"


class LogForm(StrEnum):
    """How lines are written; JSON also tells of what is not wrong, such as clients that come and go."""

    TEXT = "text"
    JSON = "json"


def fields(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON can say
    """Fields of one line, for the `extra` of a log call."""
    return {_FIELDS: values}


def prepare(form: LogForm) -> None:
    """Log this process to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form is LogForm.JSON else logging.Formatter("sensorswarm: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    if form is LogForm.JSON:
        logging.getLogger("sensorswarm").setLevel(logging.INFO)


def silent(name: str) -> logging.Logger:
    """Give a logger for a library that tells what strangers do wrong: that is theirs to know, and fills no log."""
    logger = logging.getLogger(f"sensorswarm.serve.{name}.websockets")
    logger.setLevel(logging.CRITICAL)
    return logger


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `ts` (Unix seconds), `level`, `logger`, `message`, then the line's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line: dict[str, Any] = {
            "ts": record.created,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, _FIELDS, {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()
