"""A conversation of a described server with everything it lays down, for tests without a server."""

from pathlib import Path

from loadtest.alerts import AlertRegister
from loadtest.books import Books
from loadtest.grid import Grid
from loadtest.ledger import Catalogue
from loadtest.roster import Manager
from loadtest.targets.find import find_target
from loadtest.unknown import Unknown

NOW = 1_763_856_000.0


class Talk:
    """One client's side: `hear` what the server says, see what came of it."""

    def __init__(self, tmp_path: Path, text: str, *buildings: str) -> None:
        path = tmp_path / "target.toml"
        path.write_text(text)
        self.target = find_target(str(path))
        self.unknown, self.latencies, self.alerts = Unknown(), [], []
        catalogue = Catalogue()
        self.books = Books(
            buildings,
            catalogue=catalogue,
            register=AlertRegister(),
            unknown=self.unknown,
            delivered=self.latencies.append,
            number=Grid(catalogue, lambda: None).number,
        )
        self.talk = self.target.conversation(
            Manager("m-0001", buildings), self.books, self.unknown, lambda *alert: self.alerts.append(alert)
        )

    def hear(self, *messages: bytes) -> None:
        self.talk.take(list(messages), NOW)
