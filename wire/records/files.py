"""How a run directory is written and read.

JSON Lines files are appended to by whole lines with one write each, so that a crash loses at most the lines not yet
flushed and several processes may share a file.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import orjson

from wire.errors import SensorSwarmError, UnusableError
from wire.records.lines import Record
from wire.records.names import PUBLISHED

R = TypeVar("R", bound=Record)


class RecordWriter:
    """Appends records to the files of one run directory.

    Records wait in memory until `flush`; call it about once a second and at the end.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._waiting: dict[str, list[bytes]] = {}
        self._descriptors: dict[str, int] = {}

    def add(self, record: Record) -> None:
        """Keep one record for the next flush."""
        name: str = record.FILE  # type: ignore[attr-defined]  # every concrete record names its file
        self._waiting.setdefault(name, []).append(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))

    def add_lines(self, name: str, lines: Iterable[bytes]) -> None:
        """Keep records of one file for the next flush, each the line it will be, with its end."""
        self._waiting.setdefault(name, []).extend(lines)

    def flush(self) -> None:
        """Write what waits, each file with one append.

        Raises:
            UnusableError: the disk is full or the directory went away; what was written before stays whole.
        """
        for name, lines in self._waiting.items():
            if not lines:
                continue
            path = self.directory / name
            try:
                if name not in self._descriptors:
                    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                    self._descriptors[name] = os.open(path, flags, 0o644)
                written = _append(self._descriptors[name], b"".join(lines))
            except OSError as error:
                raise UnusableError(f"cannot write {path}: {error.strerror}; the run's records end here") from error
            if written < len(lines):
                del lines[:written]  # a later flush must not write them twice
                raise UnusableError(f"cannot write {path}: no space left on device; the run's records end here")
            lines.clear()

    def close(self) -> None:
        """Flush and close every file."""
        try:
            self.flush()
        finally:
            for descriptor in self._descriptors.values():
                os.close(descriptor)
            self._descriptors.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _append(descriptor: int, data: bytes) -> int:
    """Append whole lines and give their number: a full disk must not leave half a record."""
    size = os.fstat(descriptor).st_size
    written = os.write(descriptor, data)
    if written == len(data):
        return data.count(b"\n")
    whole = data[:written].rfind(b"\n") + 1
    os.ftruncate(descriptor, size + whole)
    return data.count(b"\n", 0, whole)


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 - whatever orjson takes
    """Replace a JSON file in one step, so that a reader never sees half of it.

    Raises:
        UnusableError: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            draft.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise UnusableError(f"cannot write {path}: {error.strerror}; make room or choose another directory") from error


def make_directory(path: Path) -> Path:
    """Make a run directory, or take an existing one.

    Raises:
        SensorSwarmError: it cannot be made or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".probe.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SensorSwarmError(f"run directory {path}: {error.strerror}; choose another with --run-dir") from error
    return path


@dataclass(slots=True)
class Lines:
    """The JSON objects of a JSON Lines file, and how many lines could not be read."""

    records: list[dict[str, Any]]
    broken: int = 0


def read_lines(path: Path) -> Lines:
    """Read a JSON Lines file as far as it can be read; a missing file has no lines.

    A killed run leaves a last line without its end: that and every other broken line are counted, not raised.
    """
    result = Lines([])
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return result
    for line in raw.splitlines():
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            result.broken += 1
            continue
        if isinstance(record, dict):
            result.records.append(record)
        else:
            result.broken += 1
    return result


def read_records(path: Path, kind: type[R]) -> list[R]:
    """Read every record of one type from a file of that type; lines of other kinds are passed over."""
    return list(records_of(read_lines(path).records, kind))


def records_of(lines: Iterable[dict[str, Any]], kind: type[R]) -> Iterator[R]:
    """Records of one type among lines; published.jsonl holds four kinds, told apart by their `kind`."""
    names = {item.name: item for item in dataclasses.fields(kind)}
    wanted = names["kind"].default if kind.FILE == PUBLISHED else None  # type: ignore[attr-defined]
    for line in lines:
        if wanted is not None and line.get("kind") != wanted:
            continue
        try:
            yield kind.from_dict(line)
        except TypeError:
            continue
