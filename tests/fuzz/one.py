"""One target under atheris: `python -m tests.fuzz.one TARGET [FILE]`, and any options of libFuzzer.

With a file, the target is given that file and nothing else: so a finding is seen again.
"""

from __future__ import annotations

import logging
import sys

import atheris

with atheris.instrument_imports(include=["wire", "reference_server", "loadtest"]):
    from tests.fuzz.catalog import TARGETS


def main() -> None:
    """Run until the options of libFuzzer end it, or a finding does."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"give a target: {', '.join(TARGETS)}")
    run = TARGETS[sys.argv.pop(1)].run
    logging.disable()  # a million lines about what was refused
    atheris.Setup(sys.argv, run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
