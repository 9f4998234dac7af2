"""`sensorswarm compare`, from its options to its exit code; runs are made by a stub, everything else is real."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from scenarios import duet, facts, library, schema
from scenarios.duet import Task
from scenarios.duet_lock import alone
from scenarios.interrupts import InterruptedRunError
from sensorswarm.cli import app
from sensorswarm.compare_circumstances import circumstances
from sensorswarm.compare_run import CandidateDiedError
from wire.errors import SensorSwarmError, UnusableError

SAME = ("--base", "delay:0", "--candidate", "delay:0")
SLOWER = ("--base", "delay:0", "--candidate", "delay:12")


def compare(*options: str, scenario: str = "gate") -> Result:
    return CliRunner().invoke(app, ["compare", scenario, "--out", "out", *options])


def written() -> dict[str, Any]:
    return orjson.loads(Path("out/compare.json").read_bytes())


def phases(made: list[str]) -> dict[str, int]:
    names = [name.partition("-")[0] for name in made]
    return {name: names.count(name) for name in dict.fromkeys(names)}


def test_a_server_like_the_base_holds(lab) -> None:
    """Exit 0 after one set; every d_k, the seed and the order are written."""
    result = compare(*SAME, "--seed", "3")
    assert result.exit_code == 0, result.output
    assert phases(lab.made) == {"first": 16}
    verdict = written()
    assert (verdict["verdict"], verdict["seed"], len(verdict["sets"]["first"])) == ("held", 3, 8)
    assert [len(one["d"]) for one in verdict["decisions"]] == [8, 8, 8]
    assert sum(pair["base_first"] for pair in verdict["sets"]["first"]) == 4
    assert "Held: reading.p50, reading.p95, reading.p99 not slower by its limit." in result.stdout.splitlines()
    assert max(len(line) for line in result.stdout.splitlines() if line.startswith("reading")) <= 80
    assert result.stdout.splitlines()[-2:] == ["verdict: out/compare.json", "page: out/compare.html"]
    assert verdict["sentence"] in Path("out/compare.html").read_text()


def test_a_slower_server_fails_after_a_fresh_set_and_a_control(lab) -> None:
    """Exit 1; JUnit and Markdown say which metric, and GitHub gets one error."""
    result = compare(*SLOWER, "--junit", "junit.xml", "--summary", "summary.md", "--annotate")
    assert result.exit_code == 1, result.output
    assert phases(lab.made) == {"first": 16, "again": 16, "control": 16}
    outcomes = {one["metric"]: one["outcome"] for one in written()["decisions"]}
    assert outcomes["reading.p50"] == "regressed"
    failed = ET.parse("junit.xml").findall(".//failure")  # noqa: S314 - we wrote it
    assert len(failed) == list(outcomes.values()).count("regressed")
    assert "❌ regressed" in Path("summary.md").read_text()
    assert result.output.count("::error") == 1


def test_one_set_alone_fails_nobody(lab) -> None:
    """What only the first set flags was chance."""

    def change(task: Task, figures: dict[str, Any]) -> None:
        if task.phase == "first" and task.side == "candidate":
            figures["latency_ms"] = {name: value * 1.6 for name, value in figures["latency_ms"].items()}

    lab.change = change
    result = compare(*SAME)
    assert result.exit_code == 0, result.output
    assert phases(lab.made) == {"first": 16, "again": 16}


def test_a_machine_that_flags_the_base_against_itself_says_nothing(lab) -> None:
    """Exit 3, whatever the sets before say."""

    def change(task: Task, figures: dict[str, Any]) -> None:
        if task.side == "candidate":
            figures["latency_ms"] = {name: value * 1.6 for name, value in figures["latency_ms"].items()}

    lab.change = change
    result = compare(*SAME)
    assert result.exit_code == 3, result.output
    assert "base against base was flagged" in result.output
    assert "base against base was flagged" in Path("out/compare.html").read_text()


@pytest.mark.parametrize(("sides", "code"), [(SAME, 0), (SLOWER, 1)])
def test_a_page_that_cannot_be_written_does_not_change_the_verdict(lab, sides: tuple[str, ...], code: int) -> None:
    """A full disk or the like is told; a red job stays red and a green one green."""
    lab.before = lambda _: Path("out/compare.html").mkdir(exist_ok=True)
    result = compare(*sides)
    assert result.exit_code == code, result.output
    assert written()["exit_code"] == code
    assert "note: no page was written: cannot write out/compare.html" in result.stderr
    assert "page:" not in result.stdout


def test_one_lost_alert_fails_at_once(lab) -> None:
    """Counts are exact: no fresh set, no control."""

    def change(task: Task, figures: dict[str, Any]) -> None:
        if task.name == "first-05-candidate":
            figures["broken"] = ["alerts_missing 1 > 0"]

    lab.change = change
    result = compare(*SAME)
    assert result.exit_code == 1, result.output
    assert phases(lab.made) == {"first": 16}
    assert "alerts_missing 1 > 0 in run first-05-candidate" in " ".join(result.output.split())


def own_scenario(*limits: str) -> str:
    """The shipped scenario with limits in words."""
    words = ", ".join(f'"{limit}"' for limit in limits)
    Path("own.toml").write_text(f"{library.find('gate').read_text()}\n[gate]\nslo = [{words}]\n")
    return "own.toml"


def test_limits_of_the_scenario_in_words_are_counted_too(lab) -> None:
    """What `run` and `gate` fail for fails here: in one run of the candidate is enough, and JUnit has a case of it."""
    lab.change = lambda task, figures: figures.update(
        counts={"intrusion.leaked": int(task.name == "first-03-candidate"), "alert.missing": 0}
    )
    scenario = own_scenario("intrusion.leaked==0", "alert.missing==0")
    result = compare(*SAME, "--junit", "junit.xml", scenario=scenario)
    assert result.exit_code == 1, result.output
    assert "intrusion.leaked is 1 (intrusion.leaked==0) in run first-03-candidate" in written()["sentence"]
    cases = {case.get("name"): [part.tag for part in case] for case in ET.parse("junit.xml").iter("testcase")}  # noqa: S314
    assert cases["intrusion.leaked==0"] == ["failure"]
    assert cases["alert.missing==0"] == ["system-out"]


def test_a_mistyped_limit_of_the_scenario_is_refused_before_any_run(lab) -> None:
    """Exit 2, as `run` does."""
    result = compare(*SAME, scenario=own_scenario("intrusion.leakd==0"))
    assert isinstance(result.exception, SensorSwarmError)
    assert result.exception.exit_code == 2
    assert "own.toml: [gate] slo: limit 'intrusion.leakd==0'" in str(result.exception)
    assert lab.made == []


def test_an_unusable_run_is_told_and_its_pair_made_again(lab) -> None:
    """Exit 3 with the reason, every case skipped; the same command goes on and comes to a verdict."""

    def fail(task: Task) -> None:
        if len(lab.made) == 5:
            raise UnusableError("the publisher was late")

    lab.before = fail
    result = compare(*SAME, "--junit", "junit.xml", "--summary", "summary.md")
    assert isinstance(result.exception, UnusableError)
    assert "proves nothing: the publisher was late; the same command with --out out" in str(result.exception)
    assert len(ET.parse("junit.xml").findall(".//skipped")) == 3  # noqa: S314 - we wrote it
    assert "the publisher was late" in Path("summary.md").read_text()
    assert sorted(path.name for path in Path("out").iterdir()) == ["duet.json", "runs"]
    lab.before = lambda _: None
    result = compare(*SAME)
    assert result.exit_code == 0, result.output
    assert "going on with out: 5 runs are there" in result.output
    assert len(lab.made) == 5 + 16 - 4  # the pair that was broken is made whole again


def leaking(*names: str):
    """A change of the lab: these runs leak."""
    return lambda task, figures: figures.update(broken=["leaked 3 > 0"] if task.name in names else [])


def unusable_at(lab, made: int):
    """A step of the lab before each run: the one after so many proves nothing."""

    def fail(_: Task) -> None:
        if len(lab.made) == made:
            raise UnusableError("![the publisher](was late) <b>\n# for ever")

    return fail


def test_what_leaked_is_told_though_a_later_run_proves_nothing(lab) -> None:
    """Exit 1 by the counts of what was run, in every output; going on does not take it back."""
    lab.change, lab.before = leaking("first-01-candidate"), unusable_at(lab, 8)
    result = compare(*SAME, "--junit", "junit.xml", "--summary", "summary.md", "--annotate")
    assert result.exit_code == 1, result.output
    broken = "leaked 3 > 0 in run first-01-candidate, broken in 1 of 4 runs"
    assert f"Failed: {broken}; of latencies nothing is said, for first-05-" in " ".join(result.stdout.split())
    assert result.output.count("::error") == 1
    suite = ET.parse("junit.xml").getroot()  # noqa: S314 - we wrote it
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "3")
    assert broken.replace(">", "&gt;") in Path("junit.xml").read_text()
    assert broken in Path("summary.md").read_text()
    assert (written()["verdict"], written()["counts"][0]["runs"]) == ("failed", ["first-01-candidate"])
    lab.before = lambda _: None
    assert compare(*SAME).exit_code == 1
    assert len(lab.made) == 16


def test_what_a_half_pair_leaked_is_still_counted_when_the_pair_is_made_again(lab) -> None:
    """The pair is run again whole, and holds; the half that leaked is kept beside the runs, and found by its name."""
    planned = duet.tasks(duet.FIRST, pairs=8, seed=0)
    half = next(position for position, task in enumerate(planned) if task.first and task.side == "candidate")
    name = planned[half].name
    lab.change, lab.before = leaking(name), unusable_at(lab, half + 1)
    assert compare(*SAME).exit_code == 1
    lab.change, lab.before = leaking(), lambda _: None
    result = compare(*SAME)
    assert result.exit_code == 1, result.output
    assert lab.made.count(name) == 2
    assert written()["counts"][0]["reason"].endswith("broken in 1 of 9 runs")
    assert len(written()["decisions"][0]["d"]) == 8
    assert [path.name for path in Path("out/halves").iterdir()] == [f"{name}-1"]


def test_last_words_are_text(lab) -> None:
    """What a server said last brings neither links nor lines of its own into the job's summary."""
    lab.before = unusable_at(lab, 0)
    assert isinstance(compare(*SAME, "--summary", "summary.md").exception, UnusableError)
    text = Path("summary.md").read_text()
    assert "!\\[the publisher](was late) &lt;b> # for ever" in text
    assert not any(line.startswith("# for ever") for line in text.splitlines())


FILES = ("out/compare.json", "junit.xml", "summary.md")


@pytest.mark.parametrize("file", FILES)
def test_a_red_verdict_is_red_whatever_cannot_be_written(lab, file: str) -> None:
    """It is shown and annotated, what cannot be written is told, and the other files are there."""
    lab.before = lambda _: Path(file).mkdir(exist_ok=True)
    result = compare(*SLOWER, "--junit", "junit.xml", "--summary", "summary.md", "--annotate")
    assert result.exit_code == 1, result.output
    assert "Failed: reading.p50" in result.stdout
    assert "::error" in result.stderr
    assert f"warning: cannot write {file}" in result.stderr
    assert [one for one in FILES if not Path(one).is_file()] == [file]


@pytest.mark.parametrize("file", FILES)
def test_a_green_verdict_is_shown_but_a_file_that_was_asked_for_is_missed(lab, file: str) -> None:
    """An error, for whoever reads the file would find none."""
    lab.before = lambda _: Path(file).mkdir(exist_ok=True)
    result = compare(*SAME, "--junit", "junit.xml", "--summary", "summary.md")
    assert isinstance(result.exception, SensorSwarmError)
    assert f"cannot write {file}" in str(result.exception)
    assert "Held: " in result.stdout


def test_a_candidate_that_dies_fails_the_job(lab) -> None:
    """Exit 1 at once, with its last words everywhere; the same command makes the pair again when it is mended."""

    def die(task: Task) -> None:
        if task.name == "first-02-candidate":
            raise CandidateDiedError("candidate died in first-02-candidate: boom <1> & gone")

    lab.before = die
    result = compare(*SAME, "--junit", "junit.xml", "--summary", "summary.md", "--annotate")
    assert result.exit_code == 1, result.output
    suite = ET.parse("junit.xml").getroot()  # noqa: S314 - we wrote it
    died = "candidate died in first-02-candidate: boom <1> & gone"
    assert [one.get("message") for one in suite.iter("failure")] == [died]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "3")
    assert "Failed: candidate died in first-02-candidate: boom &lt;1> &amp; gone" in Path("summary.md").read_text()
    assert result.stderr.count("::error") == 1
    assert (written()["verdict"], written()["counts"][0]["reason"]) == ("failed", died)
    lab.before = lambda _: None
    assert compare(*SAME).exit_code == 0
    assert "first-02-candidate" in lab.made


def test_a_candidate_that_does_not_serve_is_wrong_usage(lab) -> None:
    """Exit 2 goes through to the user as it is."""

    def fail(task: Task) -> None:
        raise SensorSwarmError(f"{task.side} does not serve: boom")

    lab.before = fail
    result = compare(*SAME)
    assert isinstance(result.exception, SensorSwarmError)
    assert result.exception.exit_code == 2


def test_two_at_once_in_one_folder_are_refused(lab) -> None:
    """Their runs would be mixed; nothing is touched of the first one's, and of another folder neither."""
    with alone(Path("out")):
        result = compare(*SAME)
    assert isinstance(result.exception, SensorSwarmError)
    assert result.exception.exit_code == 2
    assert "another comparison or calibration is under way there" in str(result.exception)
    assert lab.made == []
    result = compare("--base", "delay:0", "--candidate", "gti:HEAD")
    assert result.exit_code != 0
    assert not Path("out").exists()  # wrong usage leaves nothing


def test_circumstances_that_changed_are_not_gone_on_with(lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another way to tell readiness, a target file that says something else, other parts, another machine."""
    Path("target.toml").write_text('[reading]\nsensor = "/id"\n')
    options = (*SAME, "--target", "target.toml", "--ready", "/healthz")
    assert compare(*options).exit_code == 0, compare(*options).output
    assert "going on with out: 16 runs" in compare(*options).output

    def refusal(*options: str) -> str:
        result = compare(*options)
        assert isinstance(result.exception, SensorSwarmError)
        assert result.exception.exit_code == 2
        return str(result.exception)

    assert "begun with another ready (/healthz, now /livez)" in refusal(*options[:-1], "/livez")
    Path("target.toml").write_text('[reading]\nsensor = "/name"\n')
    assert "begun with another content of the target file (" in refusal(*options)
    Path("target.toml").write_text('[reading]\nsensor = "/id"\n')
    versions, machine = facts.versions(), facts.machine()
    monkeypatch.setattr("scenarios.facts.versions", lambda: {**versions, "locust": "0"})
    assert f"begun with another version of locust ({versions['locust']}, now 0)" in refusal(*options)
    monkeypatch.setattr("scenarios.facts.versions", lambda: versions)
    monkeypatch.setattr("scenarios.facts.machine", lambda: {**machine, "cores": 999})
    assert f"begun with another machine: cores ({machine['cores']}, now 999)" in refusal(*options)
    assert len(lab.made) == 16


@pytest.mark.parametrize("scenario", ["gate", "recorded"])
def test_the_content_of_a_recording_is_remembered(scenario: str) -> None:
    """By a checksum; where there is no file there is none."""
    known = circumstances(schema.load(library.find(scenario)))
    assert ("content of the recording" in known) == (scenario == "recorded")


@pytest.mark.parametrize("at", [0, 15, 20, 40])
def test_ctrl_c_in_any_set_can_be_gone_on_with(lab, at: int) -> None:
    """Exit 3 and one line; nothing that is over is run again; the verdict is the same."""

    def interrupt(task: Task) -> None:
        if len(lab.made) == at:
            raise InterruptedRunError("interrupted")

    lab.before = interrupt
    result = compare(*SLOWER)
    assert isinstance(result.exception, InterruptedRunError)
    assert result.exception.exit_code == 3
    assert not Path("out/compare.json").exists()
    lab.before = lambda _: None
    assert compare(*SLOWER).exit_code == 1
    assert len(set(lab.made)) == 48
    assert len(lab.made) <= 49


def test_another_comparison_does_not_go_on_with_it(lab) -> None:
    """Other sides, seeds, numbers or scenarios are refused with what differs."""
    assert compare(*SAME).exit_code == 0
    for options, scenario, complaint in (
        (SLOWER, "gate", "another candidate (delay:0, now delay:12)"),
        ((*SAME, "--seed", "9"), "gate", "another seed (0, now 9)"),
        ((*SAME, "--pairs", "6"), "gate", "another pairs (8, now 6)"),
        (SAME, "demo", "another scenario"),
    ):
        result = compare(*options, scenario=scenario)
        assert isinstance(result.exception, SensorSwarmError)
        assert result.exception.exit_code == 2
        assert complaint in str(result.exception)
    assert len(lab.made) == 16


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((*SAME, "--pairs", "5"), "--pairs: 5 pairs cannot support a verdict"),
        ((*SAME, "--pairs", "26"), "at most 25"),
        (
            (*SAME, "--pairs", "6", *(f"--limit=reading.{one}" for one in ("p50", "p90", "p95", "p99"))),
            "at least 7 pairs",
        ),
        ((*SAME, "--limit", "reading.p59=10%"), "did you mean reading.p99?"),
        ((*SAME, "--limit", "reading.p95=0%"), "above 0"),
        ((*SAME, "--calibration", "none.json"), "calibration none.json"),
        (("--base", "cmd:x {port}", "--candidate", "", "--ready", "healthz"), "--ready healthz: give an HTTP path"),
        (("--base", "delay:0", "--candidate", "gti:HEAD"), "did you mean git:"),
        (("--base", "git:HEAD", "--candidate", ""), "is no git repository"),
        (("--base", "url:ws://127.0.0.1:9,mqtt://127.0.0.1:9", "--candidate", ""), "does not answer"),
        (("--base", "url:ws://192.0.2.1:9,mqtt://127.0.0.1:9", "--candidate", ""), "--allow-remote"),
    ],
)
def test_what_is_used_wrongly_is_one_line_before_any_run(lab, options: tuple[str, ...], complaint: str) -> None:
    """Exit 2: what, where, remedy."""
    result = compare(*options)
    assert isinstance(result.exception, SensorSwarmError), result.output
    assert result.exception.exit_code == 2
    assert complaint in str(result.exception)
    assert "\n" not in str(result.exception)
    assert lab.made == []


def test_a_document_on_standard_output_stays_one(lab) -> None:
    """--json prints JSON and nothing else there; progress goes to standard error."""
    result = compare(*SLOWER, "--json", "--annotate")
    assert orjson.loads(result.stdout)["exit_code"] == 1
    assert "first: run 1 of 16" in result.stderr
    assert "page: out/compare.html" in result.stderr
