"""What is logged, in which form, and what never is."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import websockets

from reference_server.identity import Access, Guard, mint
from reference_server.identity.passwords import hash_password
from reference_server.logs import JsonFormatter, LogForm, fields, prepare
from wire import clock

SECRET = "a secret of the tests, long enough for HS256"
RunServer = Callable[..., Any]


def logged(message: str, *arguments: object, **more: Any) -> dict[str, Any]:
    record = logging.getLogger("sensorswarm.serve").makeRecord(
        "sensorswarm.serve", logging.WARNING, "f", 1, message, arguments, None, **more
    )
    line = JsonFormatter().format(record)
    assert "\n" not in line
    return dict(json.loads(line))


def test_a_line_is_one_object() -> None:
    """Whatever the text holds, with the fields of the line beside it."""
    line = logged("two\nlines of %s", "m-1", extra=fields(user='a "b"', code=1012))
    assert line.pop("ts") > 0
    assert line == {
        "level": "warning",
        "logger": "sensorswarm.serve",
        "message": "two\nlines of m-1",
        "user": 'a "b"',
        "code": 1012,
    }


def test_an_exception_is_part_of_its_line() -> None:
    """A traceback does not break the form."""
    formatter = JsonFormatter()
    try:
        raise ValueError("why")  # noqa: TRY301 - to be caught
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "no", (), (ValueError, error, error.__traceback__))
    line = json.loads(formatter.format(record))
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("ValueError: why")


@pytest.mark.parametrize(("form", "shown"), [(LogForm.TEXT, False), (LogForm.JSON, True)])
def test_only_machines_hear_of_what_is_not_wrong(form: LogForm, shown: bool) -> None:
    """Text is for people who want to see trouble only."""
    root, ours = logging.getLogger(), logging.getLogger("sensorswarm")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    root.handlers.clear()
    try:
        prepare(form)
        assert logging.getLogger("sensorswarm.serve.clients").isEnabledFor(logging.INFO) is shown
        assert not logging.getLogger("websockets.server").isEnabledFor(logging.INFO)
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        ours.setLevel(levels[1])


@pytest.mark.parametrize("who", ["client", "server"])
async def test_who_left_is_told_with_the_code_of_who_closed(
    server: Any, connect: Callable[..., Any], caplog: pytest.LogCaptureFixture, who: str
) -> None:
    """Ours, also when the client is gone before it could answer."""
    client = await connect(server, "b-1")
    with caplog.at_level(logging.INFO, "sensorswarm.serve"):
        if who == "client":
            await client.socket.close(1001)
        else:
            client.socket.transport.pause_reading()
            (ours,) = server.service.server.clients
            ours.connection.shut(4008, "too slow")
            client.socket.transport.abort()
        await server.until(lambda: "client left" in caplog.messages)
    line = json.loads(JsonFormatter().format(caplog.records[-1]))
    assert (line["user"], line["code"]) == ("m-1", 1001 if who == "client" else 4008)


async def test_no_token_is_ever_logged(run_server: RunServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Tokens in hello, header, cookie and query, good ones and bad ones, at the most talkative level there is."""
    path = tmp_path / "users.toml"
    hashed = hash_password("one", bytes(16), n=2**14, p=1)
    path.write_text(f'[users.cook]\npassword = "{hashed}"\nbuildings = ["b-1"]\n')
    server = await run_server(access=Access(users=path))
    guard: Guard = server.service._guard
    cook = guard.check_password("cook", "one")
    assert cook is not None
    good = server.token("b-1")
    cookie = guard.open_session(cook, clock.now())
    bad = mint("another secret, as long as the first one", "m", ["b-1"], 60)
    attempts = [
        ({"token": good}, {}, ""),
        ({"token": bad}, {}, ""),
        ({}, {"Authorization": f"Bearer {good}"}, ""),
        ({}, {"Authorization": f"Bearer {bad}"}, ""),
        ({}, {"Cookie": f"sensorswarm_session={cookie}"}, ""),
        ({"token": good}, {}, f"?token={bad}&access_token={good}"),
        ({"token": [good]}, {}, ""),
    ]
    before = [logging.getLogger(name).level for name in ("sensorswarm", "websockets", "asyncio")]
    with caplog.at_level(logging.DEBUG):
        for name in ("sensorswarm", "websockets", "asyncio"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        async with asyncio.timeout(server.within_s):
            for hello, headers, query in attempts:
                # A logger of its own: what this client logs of itself is not what is looked at here.
                quiet = logging.Logger("client")  # noqa: LOG001 - one that reaches no handler
                async with websockets.connect(server.url + query, additional_headers=headers, logger=quiet) as socket:
                    await socket.send(json.dumps({"type": "hello", "subscribe": "all"} | hello))
                    await socket.recv()
                    await socket.close(1000, "bye")
        await server.until(lambda: not server.service.server.connections)
    for name, level in zip(("sensorswarm", "websockets", "asyncio"), before, strict=True):
        logging.getLogger(name).setLevel(level)
    text = "\n".join(JsonFormatter().format(record) for record in caplog.records)
    assert text.count("client left") == 4
    for secret in (good, bad, cookie, SECRET):
        for part in secret.split("."):
            assert part not in text
