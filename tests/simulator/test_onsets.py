"""Onsets: an anomaly is told when its first reading is due, once."""

from simulator.onsets import Onsets
from simulator.source import Truth


def _truth(name: str, start: int, end: int, kind: str = "spike") -> Truth:
    return Truth(name, "a", "a/co2/1", kind, start, end, 1.0, name)


def test_truths_come_out_in_order_when_they_begin():
    """Not before their time, each once; those under way are counted until their last reading is past."""
    onsets = Onsets()
    onsets.add([_truth("late", 30, 40), _truth("early", 10, 20, "fire")])
    assert onsets.begun(9) == []
    assert [truth.id for truth in onsets.begun(10)] == ["early"]
    assert onsets.under_way(20) == 1
    onsets.add([_truth("new", 25, 26)])
    assert [truth.id for truth in onsets.begun(100)] == ["new", "late"]
    assert onsets.begun(1000) == []
    assert onsets.under_way(35) == 1
    assert onsets.under_way(41) == 0
    assert onsets.by_kind == {"fire": 1, "spike": 2}
