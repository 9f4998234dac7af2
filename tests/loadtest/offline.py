"""What clients of one process share, for tests in which nobody connects."""

import random
from typing import Any

from websockets.uri import parse_uri

from loadtest.desk import Desk


def offline_desk(**more: Any) -> Desk:
    return Desk(
        **{
            "uri": parse_uri("ws://127.0.0.1:1"),
            "secret": "",
            "stamped": True,
            "backoff": None,
            "rng": random.Random(0),
            "records_wanted": False,
        }
        | more
    )
