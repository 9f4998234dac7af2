"""Orders to cut connections."""

import random

from loadtest.faults import FaultOrders, chosen
from wire.records import Fault, RecordWriter


def test_an_order_is_given_once_and_not_before_its_time(tmp_path):
    """Orders wait for their time; those of an earlier run and of other kinds are passed over."""
    orders = FaultOrders(tmp_path, started_ts=100.0)
    assert orders.take_due(100.0) == []
    now_due, later = Fault(ts=101.0, kind="cut", connections=3), Fault(ts=105.0, kind="cut", connections=4)
    with RecordWriter(tmp_path) as writer:
        for fault in (Fault(ts=50.0, kind="cut", connections=9), Fault(ts=101.0, kind="freeze"), now_due, later):
            writer.add(fault)
    assert orders.take_due(102.0) == [now_due]
    assert orders.take_due(103.0) == []
    assert orders.take_due(105.0) == [later]
    assert orders.take_due(200.0) == []


def test_who_is_cut_follows_the_seed():
    """The same seed cuts the same connections; more than there are cuts all."""
    live = list(range(50))
    assert chosen(live, 5, random.Random("1")) == chosen(live, 5, random.Random("1"))
    assert len(set(chosen(live, 5, random.Random("1")))) == 5
    assert sorted(chosen(live, 99, random.Random("1"))) == live
