"""What a run should remember of where it ran."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

_PARTS = ("sensorswarm", "locust", "websockets", "mqtt5", "iotcore", "numpy", "gevent", "uvloop")
_CPUINFO = Path("/proc/cpuinfo")
# What names a processor there: x86 and some others in one field, ARM by numbers in two.
_MODELS = (("model name",), ("cpu model",), ("CPU implementer", "CPU part"))


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
    try:
        model = cpu_model(_CPUINFO.read_text(encoding="utf-8", errors="replace"))
    except OSError:  # a system that has no such file
        model = ""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        **({"cpu_model": model} if model else {}),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }


def cpu_model(cpuinfo: str) -> str:
    """Model of the first processor in the text of /proc/cpuinfo, "" where it does not say; pure."""
    found: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), " ".join(value.split()))
    for names in _MODELS:
        if all(found.get(name) for name in names):
            return " ".join(found[name] for name in names)
    return ""
