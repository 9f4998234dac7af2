"""Where this user's state is kept between runs (XDG Base Directory Specification 0.8, XDG_STATE_HOME)."""

from __future__ import annotations

import os
from pathlib import Path


def state_dir() -> Path:
    """Folder of our state files; it may not exist yet."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "sensorswarm"
