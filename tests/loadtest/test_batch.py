"""What happened in a second, as it travels."""

import msgpack
import orjson

from loadtest.batch import Batch, ClockState, Progress, gather
from loadtest.desk import READING, Failure
from tests.loadtest.offline import offline_desk
from wire.records import CLIENTS, ClientEvent


def test_a_desk_is_emptied_and_comes_out_of_a_message_as_it_went_in():
    """Latencies, records, failures and what was not understood: everything once, the same on the other side."""
    desk = offline_desk(records_wanted=True)
    desk.latencies_s[READING].extend([0.001, 0.25, -0.5])
    desk.failures.append(Failure(0.5, "gone", "unreachable"))
    desk.unknown.count("not JSON", b"{")
    event = ClientEvent(ts=1.0, client="c-00001", event="stop")
    desk.record(event)
    append = desk.latencies_s[READING].append
    batch = gather(
        desk, 1.0, 2.0, progress=Progress(clients=3, received=2), ready=True, clock=ClockState("measured", 0.25, 1e-4)
    )
    assert not desk.latencies_s[READING]
    assert desk.latencies_s[READING].append == append  # the clients hold it
    assert (desk.failures, desk.records) == ([], [])
    read = Batch.from_plain(msgpack.loads(msgpack.dumps(batch.plain())))
    assert read.plain() == batch.plain()
    assert (read.rows[READING].total, read.rows[READING].negative) == (3, 1)
    assert ClientEvent.from_dict(orjson.loads(read.lines[CLIENTS][0])) == event
    assert read.failures == [Failure(0.5, "gone", "unreachable")]
    assert (read.unknown, read.examples) == ({"not JSON": 1}, {"not JSON": "{"})
    assert (read.progress.clients, read.ready, read.clock.offset_s) == (3, True, 0.25)
