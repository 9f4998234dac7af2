"""The latest reading of each sensor, and readings in messages of bounded size."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server import lanes
from reference_server.lanes import Latest, readings_messages

BATCHES = st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4), max_size=200)


@given(batches=BATCHES, after=st.integers(0, 300))
def test_latest_is_what_a_plain_dictionary_would_hold(batches: list[list[int]], after: int) -> None:
    """Of each sensor the last reading beyond `after`, in the order of their numbers, however many batches came."""
    latest, model, number = Latest(), {}, 0
    for sensors in batches:
        payloads = [b"%d" % (number + 1 + i) for i in range(len(sensors))]
        latest.extend(number + 1, sensors, payloads)
        for sensor in sensors:
            number += 1
            model[sensor] = number
    assert latest.after(after) == [b"%d" % n for n in sorted(model.values()) if n > after]


@given(sizes=st.lists(st.integers(2, 40), max_size=12), skipped=st.integers(0, 2))
def test_messages_hold_every_reading_once_and_stay_small(sizes: list[int], skipped: int) -> None:
    """In order, numbered without gaps, none larger than allowed but for one reading alone; the first says `skipped`."""
    payloads = [b'"' + b"x" * (size - 2) + b'"' for size in sizes]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "MAX_FRAME_PAYLOAD_BYTES", 64)
        told = [json.loads(message) for message in readings_messages("b-1", 7, payloads, skipped=skipped)]
    assert [text for one in told for text in one["readings"]] == [json.loads(payload) for payload in payloads]
    offset = 7
    for position, one in enumerate(told):
        assert one["offset"] == offset
        assert one.get("skipped", 0) == (skipped if position == 0 else 0)
        offset += len(one["readings"])
        assert len(one["readings"]) == 1 or sum(len(text) + 3 for text in one["readings"]) <= 64 + 1
