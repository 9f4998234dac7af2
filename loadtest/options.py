"""Options of the locustfile: declared to Locust's parser, and read into settings. The reading is pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from websockets.exceptions import InvalidURI
from websockets.uri import WebSocketURI, parse_uri

from loadtest.roster import Roster, parse_fleet
from wire.backoff import Backoff, Jitter
from wire.errors import SensorSwarmError
from wire.secret import SECRET_VARIABLE

DEFAULT_BACKOFF = "1,2,4,8,16,30"
EXAMPLE_HOST = "ws://127.0.0.1:8765"


@dataclass(frozen=True, slots=True)
class Settings:
    """The swarm's options, checked."""

    roster: Roster
    backoff: Backoff
    ws_path: str
    secret: str | None  # None: the development secret
    run_dir: Path | None


def declare(parser: Any) -> None:  # noqa: ANN401 - Locust's parser comes without types
    """Add the swarm's options to Locust's command line; each may also come from a SENSORSWARM_... variable."""

    def option(name: str, *, variable: str = "", web: bool = True, **rest: Any) -> None:  # noqa: ANN401
        variable = variable or "SENSORSWARM_" + name.removeprefix("--").replace("-", "_").upper()
        parser.add_argument(name, env_var=variable, include_in_web_ui=web, **rest)

    option("--fleet", default="50", help="number of buildings (b-0001, ...), or their names parted by commas")
    option("--buildings-per-manager", type=int, default=3, help="buildings each user may see")
    option("--swarm-seed", type=int, default=0, help="draws who sees what, and the jitter")
    option("--backoff", default=DEFAULT_BACKOFF, help="seconds before each attempt to come back; the last repeats")
    option("--jitter", choices=get_args(Jitter), default="equal", help="how much of each delay is drawn at random")
    option("--ws-path", default="/ws", help="path of the WebSocket endpoint")
    option(
        "--jwt-secret",
        variable=SECRET_VARIABLE,
        web=False,
        default="",
        help="secret the tokens are signed with; without it the development secret of this user",
    )
    option("--run-dir", web=False, default="", help="where records are written; without it nothing is")


def read(options: Any) -> Settings:  # noqa: ANN401 - a namespace of Locust
    """Settings of a run.

    Raises:
        SensorSwarmError: an option that cannot be used.
    """
    return Settings(
        roster=Roster(parse_fleet(options.fleet), int(options.buildings_per_manager), int(options.swarm_seed)),
        backoff=parse_backoff(options.backoff, options.jitter),
        ws_path=options.ws_path,
        secret=options.jwt_secret or None,
        run_dir=Path(options.run_dir) if options.run_dir else None,
    )


def parse_backoff(text: str, jitter: Jitter) -> Backoff:
    """Delays in seconds parted by commas.

    Raises:
        SensorSwarmError: not numbers, none, or a negative one.
    """
    try:
        return Backoff(tuple(float(part) for part in text.split(",")), jitter)
    except ValueError:
        raise SensorSwarmError(
            f"--backoff {text!r}: give seconds parted by commas, none negative, such as {DEFAULT_BACKOFF}"
        ) from None


def endpoint(host: str | None, ws_path: str) -> WebSocketURI:
    """Where to connect: `host` with the path, http:// taken as ws://.

    Raises:
        SensorSwarmError: no host, TLS, or not an address.
    """
    if not host:
        raise SensorSwarmError(f"no --host given: where does the server listen? For example --host {EXAMPLE_HOST}")
    address = host.strip().rstrip("/")
    scheme, _, rest = address.partition("://")
    if scheme in ("https", "wss"):
        raise SensorSwarmError(f"--host {host}: TLS is not supported yet; give ws://HOST:PORT")
    if scheme not in ("http", "ws") or not rest:
        raise SensorSwarmError(f"--host {host}: give ws://HOST:PORT, such as {EXAMPLE_HOST}")
    try:
        return parse_uri(f"ws://{rest}/{ws_path.lstrip('/')}")
    except (InvalidURI, ValueError) as error:
        raise SensorSwarmError(f"--host {host}: {error}; give ws://HOST:PORT, such as {EXAMPLE_HOST}") from None
