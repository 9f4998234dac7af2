"""Which figures the page of a comparison has, in its order, with the sentence of each."""

from __future__ import annotations

from functools import partial

from reports.figures import forest
from reports.figures.catalog import Entry
from reports.gate.metrics import warmup_s
from reports.gate_page import cdf, curves, differences, sentences
from reports.gate_page.rows import seeds
from reports.gate_page.runs import Comparison
from reports.gate_page.sets import SetShown, shown_sets
from reports.words import plural, seconds

_N = "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"


def entries(comparison: Comparison) -> list[Entry]:
    """Bind every figure to a comparison's tables: a forest plot a set, a distribution a tag, the pairs in order."""
    sets = shown_sets(comparison.verdict)
    seed = seeds(comparison.verdict)
    compared = [one for one in sets if one.name in curves.COMPARED]
    pairs = sum(len(one.pairs) for one in compared)
    parted = "; right of the line: the fresh set" if len(compared) > 1 else ""
    return [
        *(_forest(one, seed) for one in sets),
        *(_cdf(comparison, tag, seed) for tag in curves.tags(comparison.verdict)),
        Entry(
            "differences",
            "Pair by pair",
            sentences.differences(compared),
            partial(
                differences.draw,
                sets=compared,
                caption=f"candidate / base - 1{parted} · {_N}{plural(pairs, 'pair')} of runs · {seed}",
            ),
        ),
    ]


def _forest(shown: SetShown, seed: str) -> Entry:
    confidence = next((one.confidence for one in shown.decisions if one.confidence is not None), None)
    interval = "" if confidence is None else f" with its {confidence * 100:.3g} % interval"
    caption = f"Hodges-Lehmann estimate{interval} · {_N}{plural(len(shown.pairs), 'pair')} of runs · {seed}"
    return Entry(
        shown.figure,
        shown.title,
        sentences.forest(shown),
        partial(forest.draw, decisions=shown.decisions, caption=caption),
    )


def _cdf(comparison: Comparison, tag: str, seed: str) -> Entry:
    both = curves.sides(comparison, tag)
    left_out_s = warmup_s(comparison.verdict.sets["first"][0].base.settings)
    rest = f", without the first {seconds(left_out_s)}" if left_out_s else ""
    counts = ", ".join(f"{one.merged.n:,} ({one.name})" for one in both)
    runs = plural(len(both[0].runs), "run")
    caption = f"{runs} a side merged{rest}; faint: single runs · {_N}{counts} {sentences.noun(tag)} received · {seed}"
    return Entry(
        "cdf" if tag == "reading" else f"cdf_{tag}",
        f"How fast were the {sentences.noun(tag)}?",
        sentences.distribution(tag, *both),
        partial(cdf.draw, sides=both, caption=caption),
    )
