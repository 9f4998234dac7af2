"""The server on real sockets: a real broker, plain `websockets` clients, aiomqtt as an independent publisher."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import aiomqtt
import pytest
import websockets
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from reference_server.outbox import MAX_BEHIND_BYTES
from reference_server.quotas import Quotas
from reference_server.server import ListenError, listen
from wire.broker import EmbeddedBroker
from wire.dashboard import MAX_BUILDINGS

Connect = Callable[..., Any]
RunServer = Callable[..., Any]


def get(url: str) -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(url) as response:  # noqa: S310 - our own server
            return response.status, dict(response.headers), response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def publish_large(server: Any, seq: int) -> None:
    """Publish a reading of 9 kB: kernel buffers take megabytes before a slow reader shows."""
    record = {"sensor": "b-1/temperature/1", "ts": 1.0, "seq": seq, "value": 1.0, "unit": "Cel", "x": "x" * 9000}
    topic = server.topics.topic(building="b-1", quantity="temperature", sensor="1")
    server.publish_raw(topic, json.dumps(record).encode())


async def test_a_manager_of_three_buildings_gets_those_and_nothing_else(server: Any, connect: Connect) -> None:
    """Every reading and alert of one's own buildings, as published and in order; nothing of any other."""
    mine = ["b-1", "b-2", "b-3"]
    manager = await connect(server, *mine)
    everything = await connect(server)
    await everything.send(type="hello", token=server.token("*"), subscribe="all")
    await everything.next_of("welcome")
    sent: dict[str, list[bytes]] = {}
    for number in range(60):
        name = f"b-{number % 6 + 1}"
        sent.setdefault(name, []).append(server.publish(name, 50.0 if number == 30 else 20.0))
    await server.taken_in(60)
    got = await manager.readings(30)
    await everything.readings(60)
    assert len(got) == 30
    for name in mine:
        of_this = [item for item in got if item["sensor"].startswith(f"{name}/")]
        assert of_this == [json.loads(payload) for payload in sent[name]]
    # number 30 is of b-1
    alerts = await manager.alerts(2)
    assert {(item["building"], item["kind"], item["value"]) for item in alerts} == {
        ("b-1", "high", 50.0),
        ("b-1", "rate", 30.0),
    }
    assert {message["building"] for message in manager.got if "building" in message} == set(mine)


async def test_cut_and_resume_recovers_exactly_what_was_missed(server: Any, connect: Connect) -> None:
    """After a cut, a position brings back every missed reading and alert once, in order, then what is new."""
    first = await connect(server, "b-1")
    for value in (20.0, 20.1, 20.2):
        server.publish("b-1", value)
    await first.readings(3)
    position = {"epoch": first.got[1]["epoch"], "offset": 3, "alert_offset": 0}
    first.socket.transport.abort()
    missed = [json.loads(server.publish("b-1", value)) for value in (20.3, 50.0, 20.4)]
    await server.taken_in(6)
    again = await connect(server, "b-1", resume={"b-1": position})
    new = json.loads(server.publish("b-1", 20.5))
    got = await again.readings(4)
    told = again.got[1]
    assert (told["recovered"], told["alerts_recovered"], told["offset"]) == (True, True, 6)
    assert got == [*missed, new]
    lane = [message for message in again.got if message["type"] in ("alert", "clear")]
    assert [message["offset"] for message in lane] == list(range(1, len(lane) + 1))
    assert told["alert_offset"] <= len(lane)
    assert {message["kind"] for message in lane if message["type"] == "alert"} == {"high", "rate"}
    assert [message["offset"] for message in again.got if message["type"] == "readings"] == [4, 7]


async def test_resume_beyond_history_says_so(run_server: RunServer, connect: Connect) -> None:
    """What is no longer kept is not sent in part."""
    server = await run_server(readings_history=2)
    for _ in range(5):
        server.publish("b-1")
    await server.taken_in(5)
    epoch = server.service.hub.epoch
    client = await connect(server, "b-1", resume={"b-1": {"epoch": epoch, "offset": 2}})
    assert (client.got[1]["recovered"], client.got[1]["offset"]) == (False, 5)
    new = json.loads(server.publish("b-1"))
    assert await client.readings(1) == [new]


async def test_readings_of_one_moment_leave_together(server: Any, connect: Connect) -> None:
    """A batch published at once reaches a client in far fewer frames than readings."""
    client = await connect(server, "b-1")
    topic = server.topics.topic(building="b-1", quantity="temperature", sensor="1")
    record = {"sensor": "b-1/temperature/1", "ts": 1.0, "seq": 0, "value": 1.0, "unit": "Cel"}
    for seq in range(200):
        server.publisher.publish(topic, json.dumps(record | {"seq": seq}).encode())
    got = await client.readings(200)
    assert [item["seq"] for item in got] == list(range(200))
    assert len([message for message in client.got if message["type"] == "readings"]) <= 50


async def test_aiomqtt_as_an_independent_publisher(server: Any, connect: Connect, broker: EmbeddedBroker) -> None:
    """Readings of any MQTT client arrive, whichever version it speaks."""
    client = await connect(server, "b-1")
    async with aiomqtt.Client(broker.host, broker.port) as publisher:
        for seq in range(10):
            record = {"sensor": "b-1/co2/9", "ts": 1.0 + seq, "seq": seq, "value": 400 + seq, "unit": "ppm"}
            topic = server.topics.topic(building="b-1", quantity="co2", sensor="9")
            await publisher.publish(topic, json.dumps(record), qos=1)
    got = await client.readings(10)
    assert [(item["sensor"], item["seq"], item["value"]) for item in got] == [
        ("b-1/co2/9", n, 400 + n) for n in range(10)
    ]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", 1008),
        (b"\x00", 1008),
        ('{"type":"nonsense"}', 1008),
        ('{"type":"ping","id":1,"t0":1}', 1008),
        ('{"type":"hello"}', 4500),
        ('{"type":"hello","token":"x.y.z","subscribe":"all"}', 4500),
        ("x" * 65_537, 1009),
    ],
)
async def test_what_one_client_does_wrong_touches_no_other(
    server: Any, connect: Connect, message: str | bytes, code: int
) -> None:
    """The one who sent it is told why and closed with the code; the other goes on as if nothing was."""
    good = await connect(server, "b-1")
    bad = await connect(server)
    await bad.socket.send(message)
    assert await bad.closed() == code
    errors = [item["code"] for item in bad.got if item["type"] == "error"]
    assert errors == ([] if code == 1009 else [code])
    server.publish("b-1")
    assert len(await good.readings(1)) == 1


async def test_malformed_mqtt_messages_touch_no_client(server: Any, connect: Connect) -> None:
    """Nonsense from the broker is counted and shown; readings before and after it arrive."""
    client = await connect(server, "b-1")
    server.publish("b-1", 20.0)
    topic = server.topics.topic(building="b-1", quantity="temperature", sensor="1")
    for payload in (b"", b"{", b"[]", b"\xff\xfe", b'{"sensor":1}', b"x" * 20_000):
        server.publish_raw(topic, payload)
    server.publish_raw(
        server.topics.topic(building="b-2", quantity="temperature", sensor="1"), server.publish("b-1", 20.1)
    )
    server.publish("b-1", 20.2)
    assert [item["value"] for item in await client.readings(3)] == [20.0, 20.1, 20.2]
    _, _, body = await asyncio.to_thread(get, server.url.replace("ws:", "http:").replace("/ws", "/healthz"))
    assert json.loads(body)["malformed"] == {"payload": 5, "size": 1, "sensor": 1}


async def test_a_foreign_building_is_refused_and_the_connection_stays(server: Any, connect: Connect) -> None:
    """4507 is an error of that building alone."""
    client = await connect(server)
    await client.send(type="hello", token=server.token("b-1"), subscribe=["b-9", "b-1"])
    assert (await client.next_of("error"))["code"] == 4507
    assert (await client.next_of("subscribed"))["building"] == "b-1"
    await client.send(type="subscribe", buildings=["b-9"])
    assert (await client.next_of("error"))["code"] == 4507
    server.publish("b-9")
    server.publish("b-1")
    assert [item["sensor"] for item in await client.readings(1)] == ["b-1/temperature/1"]


async def test_all_includes_buildings_that_appear_later(server: Any, connect: Connect) -> None:
    """A pattern is told of a new building before its first reading."""
    client = await connect(server)
    await client.send(type="hello", token=server.token("b-*"), subscribe="all")
    await client.next_of("welcome")
    server.publish("c-1")
    server.publish("b-7")
    await client.readings(1)
    assert [(item["type"], item.get("building")) for item in client.got[1:]] == [
        ("subscribed", "b-7"),
        ("readings", "b-7"),
    ]


async def test_unsubscribe_ends_a_building(server: Any, connect: Connect) -> None:
    """After unsubscribing, the others go on alone."""
    client = await connect(server, "b-1", "b-2")
    await client.send(type="unsubscribe", buildings=["b-1"])
    await client.send(type="ping", id=1, t0=0.5)
    pong = await client.next_of("pong")
    assert (pong["id"], pong["t0"]) == (1, 0.5)
    assert 0 <= pong["t2"] - pong["t1"] < 60
    server.publish("b-1")
    server.publish("b-2")
    assert [item["sensor"] for item in await client.readings(1)] == ["b-2/temperature/1"]


async def fall_behind(server: Any, client: Any) -> int:
    """Publish until a client that does not read is left behind; how many readings that took."""
    count = 0
    async with asyncio.timeout(4 * server.within_s):
        while client._behind is None and client.connection.state is websockets.State.OPEN:
            for _ in range(20):
                publish_large(server, count)
                count += 1
            await server.taken_in(count)
    return count


async def test_a_slow_reader_is_told_the_latest_and_loses_no_alert(run_server: RunServer, connect: Connect) -> None:
    """Readings it has no room for are left out, counted and told; alerts are not; the others miss nothing at all."""
    server = await run_server()
    good = await connect(server, "b-1")
    slow = await connect(server, "b-1", max_queue=1)  # not read from yet
    (client,) = (
        client
        for client in server.service.server.clients
        if client.connection.remote_address == slow.socket.local_address
    )
    count = await fall_behind(server, client)
    for value in (50.0, 20.0, 50.0):  # high and back, while it is behind
        server.publish("b-1", value, sensor="2")
        await server.taken_in(count := count + 1)
    assert client.connection.transport.get_write_buffer_size() < 2 * MAX_BEHIND_BYTES
    slow_got = [await slow.next_of("readings")]
    while not slow_got[-1].get("skipped"):
        slow_got.append(await slow.next_of("readings"))
    assert len(await good.readings(count)) == count
    whole, conflated = slow_got[:-1], slow_got[-1]
    had = sum(len(message["readings"]) for message in whole)
    assert whole[0]["offset"] == 1
    assert conflated["offset"] == had + conflated["skipped"] + 1
    assert conflated["skipped"] + had + len(conflated["readings"]) == count
    assert [item["sensor"] for item in conflated["readings"]] == ["b-1/temperature/1", "b-1/temperature/2"]
    assert conflated["readings"][1]["value"] == 50.0
    server.publish("b-1", 20.0, sensor="3")
    assert (await slow.next_of("readings"))["offset"] == count + 1
    assert (await good.next_of("readings"))["offset"] == count + 1
    lanes = [[item for item in who.got if item["type"] in ("alert", "clear")] for who in (good, slow)]
    assert lanes[0] == lanes[1]
    assert sum(item["type"] == "alert" and item["kind"] == "high" for item in lanes[1]) == 2
    assert server.service.hub.skipped == conflated["skipped"]


async def test_a_client_with_no_room_for_an_alert_is_closed(run_server: RunServer, connect: Connect) -> None:
    """4008: an alert is not left out; the client comes back and resumes. What it was sent before has no gap."""
    server = await run_server(max_buffered_bytes=64 * 1024)
    slow = await connect(server, "b-1", max_queue=1)
    (client,) = server.service.server.clients
    count = await fall_behind(server, client)
    server.publish("b-1", 50.0, sensor="2")
    await server.until(lambda: client.connection.state is not websockets.State.OPEN)
    assert await slow.closed() == 4008
    seqs = [item["seq"] for item in slow.all_readings()]
    assert seqs == list(range(len(seqs)))
    assert 0 < len(seqs) < count


async def test_as_many_buildings_as_allowed_in_one_request(server: Any, connect: Connect) -> None:
    """However long the answer, who reads it is not slow."""
    client = await connect(server)
    await client.send(type="hello", token=server.token("*"))
    await client.next_of("welcome")
    names = ["".join(letters) for letters in itertools.product("abcdefghijklmnopqrstuv", repeat=3)][:MAX_BUILDINGS]
    await client.socket.send(json.dumps({"type": "subscribe", "buildings": names}, separators=(",", ":")))
    assert [(await client.next_of("subscribed"))["building"] for _ in names] == names


async def test_a_building_there_is_no_place_to_wait_for(server: Any, connect: Connect) -> None:
    """1013 for that building alone, and nothing of it comes; when there is a place again it can be had."""
    server.service.hub._max_awaited = 2
    client = await connect(server)
    await client.send(type="hello", token=server.token("*"), subscribe=["b-1", "b-2", "b-3"])
    told = await client.next_of("error")
    assert (told["code"], told["reason"].endswith(": b-3")) == (1013, True)
    assert [item["building"] for item in client.got if item["type"] == "subscribed"] == ["b-1", "b-2"]
    assert server.service.server.refusals.by_reason == [(1013, "too many awaited buildings", 1)]
    server.publish("b-3")
    server.publish("b-1")
    assert [item["sensor"] for item in await client.readings(1)] == ["b-1/temperature/1"]
    await client.send(type="subscribe", buildings=["b-4"])
    assert (await client.next_of("subscribed"))["building"] == "b-4"


async def test_a_client_that_only_pings_and_never_reads(run_server: RunServer) -> None:
    """4008: what answers its pings is bounded as all else is, though the library writes it."""
    most_bytes = 64 * 1024
    server = await run_server(max_buffered_bytes=most_bytes, quotas=Quotas(frames_per_s=0))
    _, writer = await raw_client(server, "b-1")
    writer.transport.pause_reading()
    (client,) = server.service.server.clients
    pings = 100 * Frame(Opcode.PING, bytes(125)).serialize(mask=True)
    async with asyncio.timeout(4 * server.within_s):
        while client.connection.state is State.OPEN:
            writer.write(pings)
            await asyncio.sleep(0)
            assert client.buffered_bytes < 2 * most_bytes
    writer.transport.abort()
    await server.until(lambda: server.service.server.refusals.counts == {"4008": 1})


async def raw_client(server: Any, *buildings: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect without a WebSocket library that would hide what comes when; all that answers the hello is read."""
    address = urllib.parse.urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    protocol = ClientProtocol(parse_uri(server.url))
    protocol.send_request(protocol.connect())
    writer.write(b"".join(protocol.data_to_send()))
    await reader.readuntil(b"\r\n\r\n")
    hello = {"type": "hello", "token": server.token(*buildings), "subscribe": list(buildings)}
    writer.write(Frame(Opcode.TEXT, json.dumps(hello).encode()).serialize(mask=True))
    await reader.readuntil(b'"subscribed"')
    await reader.readuntil(b"}")
    return reader, writer


@pytest.mark.parametrize("who", ["client", "server"])
async def test_nothing_follows_a_close_frame(server: Any, connect: Connect, who: str) -> None:
    """Neither the answer to the client's close frame, nor the server's own, whatever is published or asked then."""
    witness = await connect(server, "b-1")
    reader, writer = await raw_client(server, "b-1")
    if who == "client":
        writer.write(Frame(Opcode.CLOSE, (1000).to_bytes(2)).serialize(mask=True))
    else:
        closing = next(c for c in server.service.server.clients if c.connection.remote_address[1] == port_of(writer))
        server.service.server.deliver(server.service.hub.publish("b-1", [b"{}"], [0]))
        closing.connection.shut(1012, "bye")
        server.service.server.deliver(server.service.hub.publish("b-1", [b"{}"], [0]))
    writer.write(Frame(Opcode.PING, b"still there?").serialize(mask=True))
    for value in range(50):
        server.publish("b-1", 20 + value / 100)
    await witness.readings(50)
    received = b""
    async with asyncio.timeout(server.within_s):
        while not received.endswith(closing_frame(who)):
            chunk = await reader.read(65536)
            assert chunk, f"ended with {received[-40:]!r}"
            received += chunk
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()


async def test_a_connection_that_ended_by_itself_is_not_written_to(server: Any, connect: Connect) -> None:
    """Between the end of its stream, or text that is none, and the end of the connection there may be a fan-out."""
    good, ending, broken = [await connect(server, "b-1") for _ in range(3)]
    clients = {client.connection.remote_address: client for client in server.service.server.clients}
    broken.socket.transport.pause_reading()  # and so does not close
    broken.socket.transport.write(Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True))
    await server.until(lambda: clients[broken.socket.local_address].connection.protocol.state is State.CLOSING)
    clients[ending.socket.local_address].connection.eof_received()
    server.service.server.deliver(server.service.hub.publish("b-1", [b"{}"], [0]))
    assert await good.readings(1) == [{}]
    broken.socket.transport.abort()


def closing_frame(who: str) -> bytes:
    data = (1000).to_bytes(2) if who == "client" else (1012).to_bytes(2) + b"bye"
    return Frame(Opcode.CLOSE, data).serialize(mask=False)


def port_of(writer: asyncio.StreamWriter) -> int:
    port: int = writer.get_extra_info("sockname")[1]
    return port


async def test_the_token_of_the_handshake_serves(server: Any, connect: Connect) -> None:
    """`Authorization: Bearer` on the handshake stands in for a token in the hello."""
    client = await connect(server, additional_headers={"Authorization": f"Bearer {server.token('b-1')}"})
    await client.send(type="hello", subscribe="all")
    assert (await client.next_of("welcome"))["buildings"] == ["b-1"]


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["sensorswarm.v1"], "sensorswarm.v1"), (None, None), (["other"], None)]
)
async def test_subprotocol(server: Any, connect: Connect, offered: list[str] | None, chosen: str | None) -> None:
    """Ours is accepted, none is accepted too."""
    client = await connect(server, subprotocols=offered)
    assert client.socket.subprotocol == chosen


async def test_no_hello_in_time(run_server: RunServer, connect: Connect) -> None:
    """A connection that never says who it is does not stay."""
    client = await connect(await run_server(hello_deadline_s=0.5))
    assert await client.closed() == 1008


async def test_token_expiry_closes_a_live_connection(server: Any, connect: Connect) -> None:
    """A connection ends with its token, with 4005: reconnect with a new one."""
    client = await connect(server)
    await client.send(type="hello", token=server.token("b-1", ttl_s=1.5), subscribe="all")
    await client.next_of("welcome")
    assert await client.closed() == 4005


async def test_a_client_that_answers_no_ping_is_closed_and_one_that_does_stays(
    run_server: RunServer, connect: Connect
) -> None:
    """Heartbeats find dead peers: 4012 for them, nothing for the living."""
    server = await run_server(heartbeat_s=1.0)
    living = await connect(server, "b-1")
    dead = await connect(server, "b-1")
    dead.socket.transport.pause_reading()
    await server.until(lambda: len(server.service.server.clients) == 1)
    dead.socket.transport.resume_reading()
    assert await dead.closed() == 4012
    assert living.socket.close_code is None


async def test_http(server: Any) -> None:
    """/healthz tells how it is, unknown paths are not found, /ws wants a WebSocket."""
    base = server.url.replace("ws:", "http:").removesuffix("/ws")
    server.publish("b-1")
    await server.taken_in(1)
    status, headers, body = await asyncio.to_thread(get, f"{base}/healthz")
    fields = json.loads(body)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert fields.pop("loop_lag_ms") >= 0
    assert fields == {
        "status": "ok",
        "mqtt": True,
        "clients": 0,
        "buildings": 1,
        "readings": 1,
        "alerts": 0,
        "duplicates": 0,
        "conflated": 0,
        "unstored_alerts": 0,
        "refused": {},
        "malformed": {},
    }
    assert (await asyncio.to_thread(get, f"{base}/other"))[0] == 404
    assert (await asyncio.to_thread(get, f"{base}/ws"))[0] == 426


async def test_stopping_tells_clients_to_come_back(server: Any, connect: Connect) -> None:
    """Every client is closed with 1012, also one that does not read, and the server ends."""
    client = await connect(server, "b-1")
    stalled = await connect(server, "b-1")
    stalled.socket.transport.pause_reading()
    server.task.cancel()
    assert await client.closed() == 1012
    async with asyncio.timeout(server.within_s):
        await asyncio.wait([server.task])
    assert server.task.cancelled()
    stalled.socket.transport.abort()


def test_a_port_in_use_is_named(free_port: int) -> None:
    """Who is to blame and what to do stands in one line."""
    with listen("127.0.0.1", free_port), pytest.raises(ListenError, match=rf"127.0.0.1:{free_port}.*--port") as caught:
        listen("127.0.0.1", free_port)
    assert "\n" not in str(caught.value)
