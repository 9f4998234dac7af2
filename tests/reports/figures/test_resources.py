"""The picture of processes over time."""

import numpy as np
from matplotlib.figure import Figure

from reports.figures import resources, style
from reports.tables.resources import resource_table
from reports.tables.timeline import Timeline
from wire.records import Health, Resource


def picture(samples, health=()):
    table = resource_table(samples, health, origin_ts=0)
    with style.look():
        return resources.draw(Figure(figsize=(style.NARROW_IN, 3)), table, Timeline([], []), caption="n = 4")


def sample(ts, role, pid=1, lag=None):
    return Resource(ts=ts, role=role, pid=pid, cpu_percent=60.0, rss_bytes=1 << 24, lag_ms=lag)


def test_panels_are_of_what_was_recorded():
    """Loop lag has a panel only where a process tells it, CPU and memory only where they were sampled."""
    labels = [[axes.get_ylabel() for axes in picture([sample(1, "server")]).axes]]
    told = Health(ts=1, role="swarm", lag_ms_p99=4.0, cpu_percent=1.0, receive_queue_bytes_max=0)
    labels += [
        [axes.get_ylabel() for axes in picture(*given).axes] for given in (([], [told]), ([sample(1, "x")], [told]))
    ]
    assert labels == [
        ["CPU\n(% of a core)", "memory\n(MiB)"],
        ["loop lag"],
        ["CPU\n(% of a core)", "memory\n(MiB)", "loop lag"],
    ]


def test_roles_are_told_apart_without_colour():
    """Lines that lie on each other differ in their dashes, and a restarted process looks like the one before it."""
    roles = ["simulator", "broker", "server", "swarm", "gateway"]
    figure = picture(
        [sample(t, role) for role in roles for t in (1, 2)] + [sample(4, "server", 2), sample(5, "server", 2)]
    )
    cpu = figure.axes[0].get_lines()
    looks = {(line.get_color(), line.get_linestyle(), line._unscaled_dash_pattern) for line in cpu[:-1]}
    assert len(looks) == 5
    assert [text.get_text() for text in figure.legends[0].get_texts()] == roles


def test_a_lag_of_nothing_has_a_place():
    """A logarithmic axis has no 0: a lag of 0 stands at the least that is more."""
    figure = picture([sample(1, "server", lag=0.0), sample(2, "server", lag=2.0), sample(3, "server", lag=8.0)])
    assert figure.axes[-1].get_lines()[0].get_ydata().tolist() == [2, 2, 8]


def test_no_line_leads_over_a_restart():
    """While a process was away nobody told its lag, and nothing was sampled."""
    before, after = [
        [sample(t, "server", pid, lag=2.0) for t in times] for pid, times in ((1, (1, 2, 3)), (2, (9, 10)))
    ]
    figure = picture([*before, *after])
    assert [line.get_xdata().size for line in figure.axes[0].get_lines()[:2]] == [3, 2]
    lag = figure.axes[-1].get_lines()[0]
    assert np.isnan(lag.get_ydata()).tolist() == [False] * 3 + [True] + [False] * 2
