"""Keep tokens and passwords out of words that people and files get to see. Pure.

A server may say back what it was shown, in a close reason, a redirect or a message, and messages may bring tokens of
its own making. So what it said is shown without the tokens that we know, without whatever is a JWT, and without what
stands after a name that says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from os.path import commonprefix
from urllib.parse import quote

import orjson

HIDDEN = "(hidden)"
_LEAST = 4  # characters of a secret: a shorter one is part of any text
_BEGINNING = 12  # characters of it that tell it from others, where the rest was cut off
_JWT = re.compile(r"eyJ[\w-]{6,}(?:\.[\w-]+){0,2}")  # {" in base64, which its header begins with (RFC 7519, 3)
_NAMES = r"(?:token|passw|secret|api_?key|credential|jwt)"
_MEMBER = re.compile(
    rf"""((["'])[^"']*{_NAMES}[^"']*\2\s*:\s*)(["'])(?:\\.|(?!\3)[^\\])*\3?"""  # of JSON, or of Python's repr
    rf"""|(\b\w*{_NAMES}\w*=)[^&\s"']+""",  # of a query
    re.IGNORECASE | re.DOTALL,
)


def hide(text: str, secrets: Iterable[str | None] = ()) -> str:
    """The same text without secrets; `secrets` are those that are known, hidden also where they are cut short."""
    for secret in secrets:
        if secret is not None and len(secret) >= _LEAST:
            for form in {secret, quote(secret, safe=""), orjson.dumps(secret).decode()[1:-1]}:
                text = _without(text, form)
    text = _MEMBER.sub(lambda found: f"{found[1] or found[4]}{found[3] or ''}{HIDDEN}{found[3] or ''}", text)
    return _JWT.sub(HIDDEN, text)


def _without(text: str, secret: str) -> str:
    beginning, rest = secret[:_BEGINNING], secret[_BEGINNING:]
    first, *pieces = text.split(beginning)
    ends = (len(commonprefix((piece, rest))) for piece in pieces)  # noqa: RUF071 - characters, not folders
    return first + "".join(HIDDEN + piece[end:] for piece, end in zip(pieces, ends, strict=True))
