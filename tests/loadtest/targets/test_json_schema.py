"""What a target file may say."""

import pytest

from loadtest.targets.json_protocol import Protocol
from loadtest.targets.json_schema import TargetError, load

LEAST = '[reading]\nsensor = "/id"\ntime = "/t"\nsequence = "/n"\n'


def write(tmp_path, text):
    path = tmp_path / "t.toml"
    path.write_text(text)
    return path


def test_four_lines_are_a_target(tmp_path):
    """Where sensor, time and number stand is enough; all else has a default."""
    spec = load(write(tmp_path, LEAST))
    assert (spec.path, spec.format, spec.auth.kind) == ("/ws", "json", "none")


def test_a_token_file_is_looked_for_beside_the_target_file(tmp_path):
    """Wherever the command is run."""
    text = 'first = ["{token}"]\nauth = { kind = "file", file = "keys.txt" }\n' + LEAST
    assert load(write(tmp_path, text)).auth.file == tmp_path / "keys.txt"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('pth = "/live"\n' + LEAST, "t.toml:1: pth: unknown key; did you mean path?"),
        (LEAST + 'sequenc = "/x"\n', "t.toml:5: reading.sequenc: unknown key; did you mean sequence?"),
        (LEAST + "zzz = 1\n", "t.toml:5: reading.zzz: unknown key; known here: when, each, sensor, time"),
        ('path = "/ws"\n', "t.toml:1: reading: is missing; add it"),
        ('[reading]\nsensor = "id"\n', "t.toml:2: reading.sensor: 'id' is no JSON Pointer: it begins with a slash"),
        ('[reading]\nsensor = "{id}"\n', "t.toml:2: reading.sensor: '{id}' has no place in its braces"),
        ("[reading]\nsensor = 7\n", "t.toml:2: reading.sensor: Input should be a valid string (given: 7)"),
        (
            LEAST + 'time_unit = "sec"\n',
            "t.toml:5: reading.time_unit: Input should be 's', 'ms', 'us', 'ns',",
        ),
        (LEAST + '[alert]\nwhen = { "/a" = 1 }\nid = "/i"\nsensor = "/s"\n', "t.toml:5: alert.time: is missing"),
        (LEAST + '[alert]\nwhen = {}\nid = "/i"\nsensor = "/s"\ntime = "/t"\n', "t.toml:6: alert.when: "),
        ('path = "live"\n' + LEAST, "t.toml:1: path: String should match pattern '^/"),
        ('[auth]\nkind = "file"\n' + LEAST, 't.toml:1: auth: kind = "file" and auth.file belong together'),
        ('[auth]\nin = "body"\n' + LEAST, "t.toml:2: auth.in: give hello, header, header:NAME"),
        ('path = "/a b"\n' + LEAST, "t.toml:1: path: String should match pattern '^/"),
        ('[auth]\nheaders = { X = "a\\nb" }\n' + LEAST, "t.toml:2: auth.headers: 'X': give"),
        ('[auth]\nheaders = { Cookie = "a=b" }\n' + LEAST, "t.toml:2: auth.headers: 'Cookie' cannot be given"),
        ('[auth]\ncookies = { sid = "a;b" }\n' + LEAST, "t.toml:2: auth.cookies: 'sid' cannot be: no blanks"),
        (
            '[auth]\nkind = "login"\n[auth.login]\npath = "/l"\ncookie = "a b"\nform = {}\n' + LEAST,
            "t.toml:5: auth.login.cookie: 'a b' cannot be",
        ),
        (
            '[auth.login]\npath = "/l"\nform = {}\nheaders = { Content-Type = "x" }\n' + LEAST,
            "t.toml:4: auth.login.headers: 'Content-Type' cannot be given: the login makes it",
        ),
        ('[auth]\nkind = "jwt"\n' + LEAST, 't.toml:1: auth.in = "hello", but neither first nor subscribe says {token}'),
        ('first = ["{token}"]\n' + LEAST, "t.toml:1: {token} is sent in a message; that needs auth.kind"),
        ('[auth.login]\npath = "/l"\n' + LEAST, "t.toml:1: auth.login: needs either form or json"),
        ('[acknowledged]\nwhen = "ok"\n' + LEAST, "t.toml:1: acknowledged: nothing is asked for"),
        ('[heartbeat]\nevery_s = 0\nsend = "x"\n' + LEAST, "t.toml:2: heartbeat.every_s: Input should be greater"),
        ('kind = "sse"\nfirst = [{ a = 1 }]\n' + LEAST, 't.toml:1: first: a target of kind = "sse" has no use for it'),
        (
            'kind = "mqtt-ws"\n' + LEAST,
            't.toml:1: subscribe: with kind = "mqtt-ws" give topic filters: one, or an array',
        ),
        ('kind = "socketio"\nsubscribe = "join"\n' + LEAST, "give an event: an array of its name and arguments"),
        ('kind = "long-poll"\nsubscribe = 7\n' + LEAST, "give the query of each GET"),
        ('[socketio]\nnamespace = "/x"\n' + LEAST, '[socketio] and kind = "socketio" belong together'),
        (
            'kind = "long-poll"\n[long-poll]\nwaits = "x"\n' + LEAST,
            "t.toml:3: long-poll.waits: unknown key; did you mean wait?",
        ),
        (
            'kind = "socketio"\n[socketio]\nnamespace = "x"\n' + LEAST,
            "t.toml:3: socketio.namespace: String should match",
        ),
        (
            'kind = "sie"\n' + LEAST,
            "t.toml:1: kind: Input should be 'json', 'socketio', 'mqtt-ws', 'sse' or 'long-poll'",
        ),
        ("[reading\n", "t.toml: not TOML: "),
    ],
)
def test_a_mistake_is_told_with_its_line_and_a_remedy(tmp_path, text, line):
    """File, line, key, what is wrong."""
    with pytest.raises(TargetError) as refused:
        load(write(tmp_path, text))
    assert line in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        '[auth]\nheaders = "Bearer hunter2"\n',
        "[auth.headers]\nX-Key = 770077\n",
        '[auth.headers]\nX-Key = "hunter2\\n"\n',
        '[auth.cookies]\nsid = "hunter2;"\n',
        '[auth]\nkind = "login"\nlogin = { path = "l", form = { password = 770077 } }\n',
        '[auth.login]\npath = "/l"\njson = "hunter2"\n',
        'path = "ws?token=hunter2"\n',
    ],
)
def test_a_mistake_repeats_no_secret(tmp_path, text):
    """What stands there may be a password."""
    with pytest.raises(TargetError) as refused:
        load(write(tmp_path, text + LEAST))
    assert "hunter2" not in str(refused.value)
    assert "770077" not in str(refused.value)


def test_all_mistakes_are_told_at_once(tmp_path):
    """One line each."""
    with pytest.raises(TargetError) as refused:
        load(write(tmp_path, 'pth = "/"\n[reading]\nsensor = "x"\ntime = 7\n'))
    lines = str(refused.value).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("target ") for line in lines)


def test_a_file_that_is_not_there_is_told(tmp_path):
    """Its name and why."""
    with pytest.raises(TargetError, match=r"nowhere.toml: No such file"):
        load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("kind", ["sse", "long-poll", "mqtt-ws", "socketio"])
def test_where_the_protocol_has_a_place_for_the_token_no_message_needs_to_say_it(tmp_path, kind):
    """And whether it is accepted is shown by the protocol, so that refusals can be measured."""
    asked = {"mqtt-ws": 'subscribe = "b/{building}"\n'}.get(kind, "")
    spec = load(write(tmp_path, f'kind = "{kind}"\n{asked}[auth]\nkind = "jwt"\n{LEAST}'))
    assert not Protocol(spec).measures.refusals
