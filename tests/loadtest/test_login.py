"""Logins over a connection of their own, against a real HTTP server."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import orjson
import pytest
from websockets.uri import parse_uri

from loadtest import login
from loadtest.dialing import Dial
from loadtest.endings import ConnectionEndedError
from loadtest.roster import Manager
from loadtest.sites import Site
from loadtest.targets.json import JsonTarget

READING = '[reading]\nsensor = "/id"\ntime = "/t"\nsequence = "/n"\n'
MANAGER = Manager("m-0001", ("a",))


class Logins(BaseHTTPRequestHandler):
    """Lets m-0001 in with the password "open sesame"; remembers what was asked."""

    asked: list[tuple[str, dict]]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_form = self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        fields = {key: value for key, [value] in parse_qs(body.decode()).items()} if is_form else orjson.loads(body)
        self.asked.append((self.path, fields))
        good = fields == {"user": "m-0001", "password": "open sesame"} and self.path == "/login"
        answer = orjson.dumps({"access": {"token": f"T{len(self.asked)}"}})
        self.send_response(404 if self.path != "/login" else 200 if good else 401)
        self.send_header("Set-Cookie", f"session=S{len(self.asked)}; Path=/; HttpOnly")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def logins() -> Iterator[tuple[Site, list]]:
    handler = type("Handler", (Logins,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Site(parse_uri(f"ws://127.0.0.1:{server.server_port}/ws"), Dial(), stamped=False, secret="s"), handler.asked
    server.shutdown()
    server.server_close()
    thread.join()


def target(tmp_path, described: str, *, place: str = "header") -> JsonTarget:
    path = tmp_path / "t.toml"
    path.write_text(f'[auth]\nkind = "login"\nin = "{place}"\n[auth.login]\n{described}\n{READING}')
    return JsonTarget.of(path)


WHO = '{ user = "{user}", password = "open sesame" }'


@pytest.mark.parametrize("kind", ["form", "json"])
def test_a_token_comes_out_of_the_answer_and_is_kept_until_it_is_refused(tmp_path, logins, kind):
    """One login a client; the next one only after an attempt that failed."""
    site, asked = logins
    made = target(tmp_path, f'path = "/login"\n{kind} = {WHO}\ntoken = "/access/token"')
    credentials = made.credentials(MANAGER, site)
    assert (credentials.token(), credentials.token()) == ("T1", "T1")
    credentials.refused()
    assert credentials.token() == "T2"
    assert asked == [("/login", {"user": "m-0001", "password": "open sesame"})] * 2


def test_a_cookie_travels_as_that_cookie(tmp_path, logins):
    """Whatever else the answer holds."""
    made = target(tmp_path, f'path = "/login"\nform = {WHO}\ncookie = "session"', place="hello")
    assert made.credentials(MANAGER, logins[0]).token() == "S1"
    assert (made.handshake.token_in.kind, made.handshake.token_in.name) == ("cookie", "session")


@pytest.mark.parametrize(
    ("login", "code", "words"),
    [
        (f'path = "/login"\nform = {WHO.replace("open", "shut")}\ntoken = "/x"', 401, "are user and password right?"),
        (f'path = "/logon"\nform = {WHO}\ntoken = "/x"', 404, "login answered HTTP 404 at /logon; is auth.login.path"),
        (f'path = "/login"\nform = {WHO}\ntoken = "/access"', 0, "auth.login.token '/access' points to no text"),
        (f'path = "/login"\nform = {WHO}\ncookie = "sid"', 0, "the login set no cookie 'sid'; it set session"),
    ],
)
def test_a_login_that_brings_nothing_is_told(tmp_path, logins, login, code, words):
    """What was asked for, and the remedy; a refusal carries its status, after which a client gives up."""
    with pytest.raises(ConnectionEndedError) as ended:
        target(tmp_path, login).credentials(MANAGER, logins[0]).token()
    assert ended.value.code == code
    assert words in ended.value.reason
    assert ended.value.kind.startswith("login")


def test_no_word_tells_what_a_broken_answer_holds(tmp_path, tcp_server):
    """A token may be in it."""
    answer = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{"token": "T1"}\r\n'
    with tcp_server(lambda far: (far.recv(65536), far.sendall(answer))) as port:
        site = Site(parse_uri(f"ws://127.0.0.1:{port}/ws"), Dial(), stamped=False, secret="s")
        made = target(tmp_path, f'path = "/login"\nform = {WHO}\ntoken = "/x"')
        with pytest.raises(ConnectionEndedError) as ended:
            made.credentials(MANAGER, site).token()
    assert "illegal chunk header" in ended.value.reason
    assert "T1" not in ended.value.reason
    assert "sesame" not in ended.value.reason
    assert "hunter2" not in repr(Site(site.uri, Dial(), stamped=False, secret="hunter2"))


def test_a_login_that_is_not_answered_is_told(tmp_path, tcp_server, monkeypatch):
    """As a login: the server's WebSocket may be there."""
    monkeypatch.setattr(login, "TIMEOUT_S", 0.1)
    with tcp_server(lambda far: far.recv(65536) and far.recv(65536)) as port:
        site = Site(parse_uri(f"ws://127.0.0.1:{port}/ws"), Dial(), stamped=False, secret="s")
        made = target(tmp_path, f'path = "/login"\nform = {WHO}\ntoken = "/x"')
        with pytest.raises(
            ConnectionEndedError, match=r"POST /login at 127.0.0.1:\d+: no answer within 0.1 s"
        ) as ended:
            made.credentials(MANAGER, site).token()
    assert ended.value.kind == "login"


def test_what_speaks_no_http_is_told(tmp_path, tcp_server):
    """One line names the request."""
    with tcp_server(lambda far: (far.recv(65536), far.sendall(b"220 mail.example\r\n\r\n"))) as port:
        site = Site(parse_uri(f"ws://127.0.0.1:{port}/ws"), Dial(), stamped=False, secret="s")
        made = target(tmp_path, f'path = "/login"\nform = {WHO}\ntoken = "/x"')
        with pytest.raises(ConnectionEndedError, match=r"POST /login at 127.0.0.1:\d+: .*is an HTTP server there"):
            made.credentials(MANAGER, site).token()
