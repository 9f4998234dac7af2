"""Statistics of one sensor's series, defined as those behind realism_bands.json were.

A series stands on a regular grid: `x` of shape (samples,) with NaN where a reading is missing, `t_s` the local times of
the same shape in seconds since 1970-01-01 00:00, ascending. Hours and days are local. Profiles are of weekdays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Figures = dict[str, float]
DAY_S = 86_400.0


def hour_of(t_s: Floats) -> NDArray[np.int64]:
    """Hour of the day, 0 to 23."""
    return (t_s % DAY_S // 3600.0).astype(np.int64)


def is_weekend(t_s: Floats) -> NDArray[np.bool_]:
    """Saturdays and Sundays; 1970-01-01 was a Thursday."""
    weekend: NDArray[np.bool_] = (t_s // DAY_S + 3) % 7 >= 5
    return weekend


def lagged(x: Floats, step_s: float, lags_s: dict[str, float]) -> Figures:
    """acf/L: correlation of x(t) and x(t + L); inc/L: standard deviation of x(t + L) - x(t)."""
    figures: Figures = {}
    for name, lag_s in lags_s.items():
        shift = round(lag_s / step_s)
        if not 0 < shift < x.size - 50:
            continue
        first, second = x[:-shift], x[shift:]
        both = np.isfinite(first) & np.isfinite(second)
        figures[f"acf/{name}"] = float(np.corrcoef(first[both], second[both])[0, 1])
        figures[f"inc/{name}"] = float(np.std(second[both] - first[both]))
    return figures


def profile(t_s: Floats, x: Floats) -> Figures:
    """Mean weekday by hour: its span, when it peaks and bottoms, and the share of variance that it explains."""
    there = np.isfinite(x) & ~is_weekend(t_s)
    hour, x = hour_of(t_s[there]), x[there]
    mean = np.bincount(hour, weights=x, minlength=24) / np.bincount(hour, minlength=24)
    return {
        "prof/amp": float(np.ptp(mean)),
        "prof/peak_h": float(np.argmax(mean)),
        "prof/trough_h": float(np.argmin(mean)),
        "prof/r2": float(np.var(mean[hour]) / np.var(x)),
    }


def weekdays_against_weekend(t_s: Floats, x: Floats) -> Figures:
    """Mean of weekdays minus mean of the weekend; `_day` from 08:00 to 18:00 alone."""
    there, weekend = np.isfinite(x), is_weekend(t_s)
    day = (hour_of(t_s) >= 8) & (hour_of(t_s) < 18)
    return {
        "wdwe/diff": float(x[there & ~weekend].mean() - x[there & weekend].mean()),
        "wdwe/diff_day": float(x[there & ~weekend & day].mean() - x[there & weekend & day].mean()),
    }


def week(t_s: Floats, x: Floats, step_s: float) -> Figures:
    """Everything about a week at one-minute steps."""
    there = x[np.isfinite(x)]
    lags_s = {"1min": 60.0, "10min": 600.0, "1h": 3600.0, "24h": DAY_S}
    return {
        "level/mean": float(there.mean()),
        "level/std": float(there.std(ddof=1)),
        **lagged(x, step_s, lags_s),
        **profile(t_s, x),
        **weekdays_against_weekend(t_s, x),
        "miss/share": float(1 - there.size / x.size),
    }


def session(x: Floats, step_s: float) -> Figures:
    """Everything about some hours at five-second steps, raw."""
    there = np.isfinite(x)
    steps = np.diff(x)
    steps = steps[np.isfinite(steps)]
    second = np.diff(x, n=2)
    second = second[np.isfinite(second)]
    gaps, counts = np.unique(np.round(np.diff(np.unique(np.round(x[there], 6))), 4), return_counts=True)
    changed = np.r_[True, np.diff(x) != 0, True]  # a gap is NaN, and so unlike both its neighbours
    return {
        **{k: v for k, v in lagged(x, step_s, {"5s": 5, "30s": 30, "1min": 60}).items() if k.startswith("inc")},
        "diff/zero_share": float((steps == 0).mean()),
        "quant/step": float(gaps[counts.argmax()]),
        "noise/mad": float(1.4826 * np.median(np.abs(second)) / 6**0.5),
        "run_s/max": float((np.diff(np.flatnonzero(changed)).max() - 1) * step_s),
    }


def jitter(stamps_s: Floats) -> Figures:
    """Spread of the time between readings, and the share of it that is above one and a half of the median."""
    apart = np.diff(np.sort(stamps_s))
    return {"std_s": float(apart.std()), "gt1_5": float((apart > 1.5 * np.median(apart)).mean())}


def building_power(t_s: Floats, x: Floats) -> Figures:
    """One building's hourly power: base against peak, load factor, day against night, weekend against weekday."""
    base, peak, top = np.percentile(x, [2.5, 97.5, 99.5])
    weekend, hour = is_weekend(t_s), hour_of(t_s)
    day = x[~weekend & (hour >= 9) & (hour < 17)].mean()
    night = x[~weekend & (hour < 5)].mean()
    shape = profile(t_s, x)
    return {
        "nb_np": float(base / peak),
        "load_factor": float(x.mean() / top),
        "day_night": float(day / night),
        "we_wd": float(x[weekend].mean() / x[~weekend].mean()),
        "acf/1h": lagged(x, 3600.0, {"1h": 3600.0})["acf/1h"],
        "diff/std_rel": float(np.diff(x).std() / x.mean()),
        "prof/r2": shape["prof/r2"],
        "prof/peak_h": shape["prof/peak_h"],
        "miss/share": float(1 - np.isfinite(x).mean()),
    }
