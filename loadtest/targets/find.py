"""The target that an option names: one of ours, a TOML file, or somebody's own class."""

from __future__ import annotations

import importlib
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from loadtest.targets import Target
from loadtest.targets.json_schema import load
from wire.errors import SensorSwarmError

SHIPPED = {
    "sensorswarm": "loadtest.targets.sensorswarm:SensorSwarmTarget",
    "watermark": "loadtest.targets.watermark:WatermarkTarget",
}
DESCRIBED = {
    "json": "loadtest.targets.json:JsonTarget",
    "socketio": "loadtest.targets.socketio:SocketIoTarget",
    "mqtt-ws": "loadtest.targets.mqtt_ws:MqttTarget",
    "sse": "loadtest.targets.sse:SseTarget",
    "long-poll": "loadtest.targets.long_poll:LongPollTarget",
}
"""By the kind that a target file says; each is loaded only when it is asked for."""
DEFAULT = "sensorswarm"
_MEMBERS = [*Target.__annotations__, *(name for name in vars(Target) if not name.startswith("_"))]


def find_target(text: str) -> Target:
    """Target named by `text`: a shipped one's name, a .toml file, or MODULE:CLASS.

    Raises:
        SensorSwarmError: there is none of that name, or it cannot be made.
    """
    if text in SHIPPED:
        return _made(SHIPPED[text])
    if text.endswith(".toml"):
        return _described(Path(text))
    if ":" in text:
        return _made(text)
    if text in DESCRIBED:
        raise SensorSwarmError(f'--target {text}: that is a kind of target file; give one, with kind = "{text}" in it')
    near = get_close_matches(text, SHIPPED, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"give one of {', '.join(SHIPPED)}, a .toml file or MODULE:CLASS"
    raise SensorSwarmError(f"--target {text}: no such target; {remedy}")


def _described(path: Path) -> Target:
    spec = load(path)
    module_name, _, class_name = DESCRIBED[spec.kind].partition(":")
    target: Target = getattr(importlib.import_module(module_name), class_name)(spec)
    return target


def _made(text: str) -> Target:
    module_name, _, class_name = text.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # a class of the user's own stands beside what is run
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise SensorSwarmError(f"--target {text}: {error}; is the module here, and what it needs installed?") from None
    made: Any = getattr(module, class_name, None)
    if not isinstance(made, type):
        raise SensorSwarmError(f"--target {text}: {module_name} has no class {class_name!r}")
    try:
        target: Target = made()
    except TypeError as error:
        raise SensorSwarmError(f"--target {text}: {error}; the class must be made without arguments") from None
    lacking = [name for name in _MEMBERS if not hasattr(target, name)]
    if lacking:
        remedy = "subclass loadtest.targets.websocket.WebSocketTarget"
        raise SensorSwarmError(f"--target {text}: the class has no {', '.join(lacking)}; {remedy}")
    return target
