"""Options of the locustfile: declared to Locust's parser, and read into settings. The reading is pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.exceptions import InvalidURI
from websockets.uri import WebSocketURI, parse_uri

from loadtest.behaviours.options import INTRUDER, BehaviourSettings, declare_behaviours, read_behaviours
from loadtest.clocks.exchange import ClockAddress, parse_clock
from loadtest.dial_options import declare_dial, read_backoff, read_dial, read_keepalive
from loadtest.dialing import Dial
from loadtest.keepalive import Keepalive
from loadtest.probes.link import ProbeAddress, parse_probe
from loadtest.roster import Roster, parse_count, parse_fleet
from loadtest.targets import Target
from loadtest.targets.find import DEFAULT, find_target
from wire.backoff import Backoff
from wire.errors import SensorSwarmError
from wire.secret import SECRET_VARIABLE

EXAMPLE_HOST = "ws://127.0.0.1:8765"


@dataclass(frozen=True, slots=True)
class Settings:
    """The swarm's options, checked."""

    target: Target
    roster: Roster
    behaviours: BehaviourSettings
    backoff: Backoff | None  # None: nobody comes back
    dial: Dial
    keepalive: Keepalive | None  # None: no pings
    max_unknown: int | None  # messages and readings not understood that a run may have; None: any number
    ws_path: str  # empty: the target's own
    secret: str | None = field(repr=False)  # None: the development secret
    run_dir: Path | None
    clock: ClockAddress | None  # None: the simulator's clock is this machine's
    probe: ProbeAddress | None  # broker that each process's probe publishes to


def declare(parser: Any) -> None:  # noqa: ANN401 - Locust's parser comes without types
    """Add the swarm's options to Locust's command line; each may also come from a SENSORSWARM_... variable."""

    def option(name: str, *, variable: str = "", web: bool = True, **rest: Any) -> None:  # noqa: ANN401
        variable = variable or "SENSORSWARM_" + name.removeprefix("--").replace("-", "_").upper()
        parser.add_argument(name, env_var=variable, include_in_web_ui=web, **rest)

    option("--target", default=DEFAULT, help="kind of server: a shipped target, a .toml file, or MODULE:CLASS")
    option("--fleet", default="50", help="number of buildings (b-0001, ...), or their names parted by commas")
    option("--buildings-per-manager", default="3", help="buildings each user may see: a number, or zipf:EXPONENT")
    option("--swarm-seed", type=int, default=0, help="draws who sees what, and the jitter")
    option("--ws-path", default="", help="path of the endpoint; without it the target's own")
    option(
        "--jwt-secret",
        variable=SECRET_VARIABLE,
        web=False,
        default="",
        help="secret the tokens are signed with; without it the development secret of this user",
    )
    declare_behaviours(option)
    declare_dial(option)
    option("--max-unknown", default="", help="end the run after more than so many not understood; without it never")
    option("--clock", default="", help="http://HOST:PORT of simulate --clock-port, where that is another machine")
    option("--probe", web=False, default="", help="mqtt://HOST:PORT: each process publishes there and receives itself")
    option("--run-dir", web=False, default="", help="where records are written; without it nothing is")


def read(options: Any) -> Settings:  # noqa: ANN401 - a namespace of Locust
    """Settings of a run.

    Raises:
        SensorSwarmError: an option that cannot be used.
    """
    target = find_target(options.target)
    check_managers(target, getattr(options, "num_users", None))
    behaviours = read_behaviours(options)
    if target.measures.refusals and INTRUDER in behaviours.weights:
        raise SensorSwarmError(f"--behaviour {INTRUDER}: nothing could be said of it: {target.measures.refusals}")
    return Settings(
        target=target,
        roster=Roster(
            parse_fleet(options.fleet), parse_count(str(options.buildings_per_manager)), int(options.swarm_seed)
        ),
        behaviours=behaviours,
        backoff=read_backoff(options.backoff, options.jitter, options.reconnect),
        dial=read_dial(options),
        keepalive=read_keepalive(options),
        max_unknown=_most(options.max_unknown),
        ws_path=options.ws_path,
        secret=options.jwt_secret or None,
        run_dir=Path(options.run_dir) if options.run_dir else None,
        clock=parse_clock(options.clock) if options.clock else None,
        probe=parse_probe(options.probe) if options.probe else None,
    )


def check_managers(target: Target, users: int | None) -> None:
    """Refuse more users than the target has credentials for.

    Raises:
        SensorSwarmError: they are more.
    """
    if target.most_managers is not None and users is not None and users > target.most_managers:
        raise SensorSwarmError(
            f"-u {users}: the target has tokens for {target.most_managers} managers; "
            f"choose up to {target.most_managers}, or write more into its token file"
        )


def _most(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise SensorSwarmError(f"--max-unknown {text!r}: give a whole number; 0 tolerates none")
    return int(text)


def endpoint(host: str | None, ws_path: str) -> WebSocketURI:
    """Where to connect: `host` with the path; http:// is taken as ws://, https:// as wss://.

    Raises:
        SensorSwarmError: no host, or not an address.
    """
    if not host:
        raise SensorSwarmError(f"no --host given: where does the server listen? For example --host {EXAMPLE_HOST}")
    remedy = f"give ws://HOST:PORT or wss://HOST:PORT, such as {EXAMPLE_HOST}"
    scheme, _, rest = host.strip().rstrip("/").partition("://")
    scheme = {"http": "ws", "https": "wss"}.get(scheme, scheme)
    shown = re.sub(r"//[^/]*@", "//", host)  # a password is never repeated
    if scheme not in ("ws", "wss") or not rest:
        raise SensorSwarmError(f"--host {shown}: {remedy}")
    try:
        return parse_uri(f"{scheme}://{rest}/{ws_path.lstrip('/')}")
    except (InvalidURI, ValueError) as error:
        what = error.msg if isinstance(error, InvalidURI) else str(error)
        raise SensorSwarmError(f"--host {shown}: {what}; {remedy}") from None
