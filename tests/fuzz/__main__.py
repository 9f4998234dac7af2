"""Fuzz all targets in turn: `python -m tests.fuzz [--seconds N] [TARGET ...]`, N for all of them together.

What is learned stays in runs/fuzz/corpus and serves the next time; inputs that broke something lie in runs/fuzz, beside
the log of their target. Ends with 1 when there are any.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

from tests.fuzz.catalog import TARGETS
from wire.errors import ExitCode

PLACE = Path("runs/fuzz")
LARGEST_BYTES = 4096  # of an input
SLOWEST_S = 5  # one input that takes longer is a finding
MEMORY_MB = 2048
_RAISED = re.compile(r"[\w.]+:|AssertionError")  # the last line of a traceback


def main() -> int:
    """Give each target its share of the time and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="fuzz what reads strangers' bytes")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--seconds", type=float, default=300, help="for all of them together (%(default)g)")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    names = options.targets or list(TARGETS)
    share_s = int(options.seconds / len(names))
    if share_s < 1:
        parser.error(f"--seconds {options.seconds:g}: give at least one for each of {len(names)} targets")
    if importlib.util.find_spec("atheris") is None:
        parser.error("atheris is not installed: pip install -e '.[dev,fuzz]'")
    results = [_fuzz(name, share_s) for name in names]
    return ExitCode.HELD if all(results) else ExitCode.GATE_FAILED


def _fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target; whether nothing was found."""
    corpus = PLACE / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[name].seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    log = PLACE / f"{name}.log"
    command = [sys.executable, "-m", "tests.fuzz.one", name, str(corpus), f"-artifact_prefix={PLACE / name}-"]
    limits = [f"-max_total_time={seconds}", f"-max_len={LARGEST_BYTES}", f"-timeout={SLOWEST_S}"]
    with log.open("wb") as file:
        code = subprocess.run(
            [*command, *limits, f"-rss_limit_mb={MEMORY_MB}", "-print_final_stats=1"],
            stdout=file,
            stderr=file,
            check=False,
        ).returncode
    told = log.read_text(errors="replace")
    executed = re.search(r"number_of_executed_units: *(\d+)", told)
    print(f"{name:14}{int(executed[1]) if executed else 0:>12,} inputs", end="", flush=True)
    if code == 0:
        print("   nothing found", flush=True)
        return True
    finding = re.search(r"written to (\S+)", told)
    again = f"python -m tests.fuzz.one {name} {finding[1]}" if finding else f"see {log}"
    print(f"   BROKEN: {_reason(told)}\n{'':14}again: {again}", flush=True)
    return False


def _reason(told: str) -> str:
    """The exception's own line, else the fuzzer's."""
    lines = told.splitlines()
    for number, line in enumerate(lines):
        if "Uncaught Python exception" in line:
            return next((text for text in lines[number + 1 :] if _RAISED.match(text)), line)
    return next((line for line in lines if "ERROR: libFuzzer" in line), lines[-1] if lines else "no output")


if __name__ == "__main__":
    sys.exit(main())
