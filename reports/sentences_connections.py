"""One sentence a figure, computed: those that tell how clients came back, and how good the detector was by kind."""

from __future__ import annotations

from reports.tables.backoff import BackoffTable
from reports.tables.detection import Detection
from reports.tables.recovery import RecoveryTable
from reports.tables.shares import Share, shares
from reports.words import listed, percent, plural, seconds, share

_MOST_KINDS = 3


def backoff_sentence(table: BackoffTable) -> str:
    """Say how often clients tried, and whether they waited as they should."""
    if not table.attempts:
        return "No client had to try again."
    last = table.attempts[-1].attempt
    often = f"up to {last:,} or more" if last == table.rows else f"at most {last:,}"
    text = f"{plural(table.n, 'attempt')} {'was' if table.n == 1 else 'were'} planned"
    text += f", {often} in a row" if last > 1 else ", each the first after a loss" if table.n > 1 else ""
    text += f"; the longest wait was {seconds(table.most_s)}"
    if table.asked:
        text += f", {table.asked:,} as long as the server asked"
    if table.backoff is None:
        return f"{text}. Which delays the clients were to keep to is not recorded."
    ladder = ", ".join(f"{delay:g}" for delay in table.backoff.delays_s)
    kept = "every other wait" if table.asked else "every wait"
    rule = f"what {ladder} s with {table.backoff.jitter} jitter allow"
    if table.backoff.jitter == "none":
        rule = f"{ladder} s"
    if table.outside:
        return f"{text}; {table.outside:,} did not keep to {rule}."
    return f"{text}; {kept} kept to {rule}."


def recovery_sentence(table: RecoveryTable) -> str:
    """Say how soon lost connections were of use again, and whether resuming brought back what was missed."""
    if not table.lost:
        return "No connection was lost."
    lost = plural(table.lost, "lost connection")
    if not table.live.n:
        return f"Of {lost} none was live again."
    away = table.lost - table.live.n
    if table.lost == 1:
        text = f"The lost connection was live again after {seconds(table.live.max_s)}"
    else:
        text = f"{share(table.live.n, table.lost)} lost connections came back" if away else f"All {lost} came back"
        text += (
            f": half were live again within {seconds(table.live.p50_s)} and 99 % within {seconds(table.live.p99_s)}, "
            f"the last after {seconds(table.live.max_s)}"
        )
    if table.reading.n:
        text += f"; the first reading came after {seconds(table.reading.p50_s)}"
        text += f" (median), {seconds(table.reading.max_s)} at most" if table.reading.n > 1 else ""
    else:
        text += "; no reading came after it" if table.lost == 1 else "; no reading came to any of them"
    return f"{text}. Resuming brought back all that was missed for {share(table.recovered, table.live.n)}."


def kinds_sentence(found: Detection) -> str:
    """Say which kinds of anomaly were missed and which alerts were false, with what so few cases can prove."""
    recall, precision = shares(found.by_cause_kind), shares(found.by_alert_kind)
    told = [_missed(recall), _false(precision)]
    return " ".join(one for one in told if one) or "There was no anomaly and no alert to tell kinds by."


def _missed(rows: list[Share]) -> str:
    if not rows:
        return ""
    whole, *kinds = rows
    if whole.hits == whole.total:
        return f"Every kind of anomaly was detected each time, {_case(whole)}."
    worst = sorted((row for row in kinds if row.hits < row.total), key=lambda row: (row.share or 0.0, -row.total))
    names = [f"{row.name} ({row.total - row.hits:,} of {row.total:,})" for row in worst]
    return f"Missed were {listed(names, most=_MOST_KINDS)}; in all, {_case(whole)} were detected."


def _false(rows: list[Share]) -> str:
    if not rows:
        return ""
    whole, *kinds = rows
    if whole.share is None:
        return f"No truth is known, so none of {plural(whole.total, 'alert')} can be called true or false."
    if whole.hits == whole.total:
        return f"There was no false alarm among {plural(whole.total, 'alert')}."
    worst = sorted((row for row in kinds if row.hits < row.total), key=lambda row: row.hits - row.total)
    names = [f"{row.name} ({row.total - row.hits:,} of {row.total:,})" for row in worst]
    return f"False alarms came of {listed(names, most=_MOST_KINDS)}."


def _case(row: Share) -> str:
    """Return "3 of 4 (75 %; 95 % interval 30 to 95 %)"."""
    return (
        f"{share(row.hits, row.total)} ({percent(row.share)}; 95 % interval {_bound(row.low)} to {percent(row.high)})"
    )


def _bound(part: float | None) -> str:
    return percent(part).removesuffix(" %")
