"""Reading alerts while another process writes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_server.alert_feed import AlertFeed, AlertFeedError
from reference_server.alert_store import AlertStore
from reference_server.lanes import Entry


def entry(number: int, building: str = "b-1") -> Entry:
    return Entry(building, number, f"e.{building}.{number}", f"{building}/t/1", "low", 1.5, False, b"{%d}" % number)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    with closing(AlertStore(tmp_path / "a #1?.sqlite", history=3, shared=True)) as opened:
        yield opened


@pytest.fixture
def feed(store: AlertStore) -> Iterator[AlertFeed]:
    assert store.path is not None
    with closing(AlertFeed(store.path)) as opened:
        yield opened


def test_everything_first_then_what_is_new(store: AlertStore, feed: AlertFeed) -> None:
    """In the order of the commits, over all buildings, each once; the epoch is the store's."""
    assert feed.epoch == store.epoch
    store.keep([entry(1, "b-2"), entry(1)])
    assert feed.news() == [entry(1, "b-2"), entry(1)]
    assert feed.news() == []
    store.keep([entry(2)])
    store.keep([entry(2, "b-2")])
    assert feed.news() == [entry(2), entry(2, "b-2")]


@settings(max_examples=30, deadline=None)
@given(batches=st.lists(st.lists(st.sampled_from(["b-1", "b-2", "b-3"]), min_size=1, max_size=5), max_size=12))
def test_whoever_looks_after_every_commit_misses_nothing(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]]
) -> None:
    """Old rows are deleted all the time, and no new one ever takes an old one's place in the order."""
    path = tmp_path_factory.mktemp("feed") / "a"
    with closing(AlertStore(path, history=5, shared=True)) as store, closing(AlertFeed(path)) as feed:
        offsets: dict[str, int] = {}
        for batch in batches:
            entries = []
            for building in batch:
                offsets[building] = offsets.get(building, 0) + 1
                entries.append(entry(offsets[building], building))
            store.keep(entries)
            assert feed.news() == entries


def test_the_writer_may_end_and_another_go_on(store: AlertStore, feed: AlertFeed) -> None:
    """A reader stays where it is over a restart of the writer."""
    store.keep([entry(1)])
    assert feed.news() == [entry(1)]
    store.close()
    assert feed.news() == []
    assert store.path is not None
    with closing(AlertStore(store.path, history=3, shared=True)) as successor:
        assert successor.epoch == feed.epoch
        successor.keep([entry(2)])
        assert feed.news() == [entry(2)]


def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path, feed: AlertFeed) -> None:
    """No such file, and one that breaks later."""
    with pytest.raises(AlertFeedError, match="nowhere cannot be read"):
        AlertFeed(tmp_path / "nowhere")
    with closing(sqlite3.connect(feed.path)) as other:
        other.execute("DROP TABLE alerts")
    with pytest.raises(AlertFeedError, match="cannot be read: no such table"):
        feed.news()
