"""What a run should remember of where it ran."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

import psutil

_PARTS = ("sensorswarm", "locust", "websockets", "mqtt5", "iotcore", "numpy", "gevent", "uvloop")


def versions() -> dict[str, str]:
    """Versions of Python and of the parts that figures depend on."""
    found = {"python": platform.python_version()}
    for part in _PARTS:
        try:
            found[part] = metadata.version(part)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """The machine, without anything that names it or its owner."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }
