"""Statistics between quantities of a room and between rooms of a building, as behind realism_bands.json.

Series are at one-minute steps, of shape (samples,) or (samples, rooms), without gaps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks._realism_series import Figures, hour_of, is_weekend

Floats = NDArray[np.float64]
_QUARTER = 15  # minutes
_TEN = 10


def humidity_ratio(air_c: Floats, percent: Floats) -> Floats:
    """Vapour in g per kg of dry air."""
    vapour_pa = percent / 100 * 610.94 * np.exp(17.625 * air_c / (air_c + 243.04))
    ratio: Floats = 621.98 * vapour_pa / (101_325.0 - vapour_pa)
    return ratio


def within_room(air_c: Floats, percent: Floats, ppm: Floats, occupied: Floats) -> Figures:
    """Correlations in one room; with occupancy as means of a quarter of an hour, where the room was used at all."""
    figures = {
        "T_RH": _r(air_c, percent),
        "T_humratio": _r(air_c, humidity_ratio(air_c, percent)),
    }
    used = _means(occupied, _QUARTER)
    if used.std() > 0:
        figures |= {"CO2_occ15": _r(_means(ppm, _QUARTER), used), "T_occ15": _r(_means(air_c, _QUARTER), used)}
    return figures


def between_rooms(t_s: Floats, air_c: Floats, percent: Floats, ppm: Floats) -> dict[str, Floats]:
    """Correlations of every two rooms of a building, shape (pairs,) each; `_deseason` without the mean day."""
    figures = {"humratio_between_room_corr": _pairs(humidity_ratio(air_c, percent))}
    for name, rooms in (("temperature", air_c), ("humidity", percent), ("co2", ppm)):
        figures[f"{name}.between_room_corr"] = _pairs(rooms)
        figures[f"{name}.between_room_corr_deseason"] = _pairs(_deseason(t_s, rooms))
    tens = ppm[: len(ppm) // _TEN * _TEN].reshape(-1, _TEN, ppm.shape[1]).mean(axis=1)
    figures["co2.between_room_corr_d10"] = _pairs(np.diff(tens, axis=0))
    return figures


def _deseason(t_s: Floats, rooms: Floats) -> Floats:
    """What is left without the mean of the hour, weekdays and weekends apart."""
    key = hour_of(t_s) + 24 * is_weekend(t_s)
    rest = rooms.copy()
    for hour in np.unique(key):
        rest[key == hour] -= rooms[key == hour].mean(axis=0)
    return rest


def _means(x: Floats, of: int) -> Floats:
    means: Floats = x[: x.size // of * of].reshape(-1, of).mean(axis=1)
    return means


def _r(one: Floats, other: Floats) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def _pairs(rooms: Floats) -> Floats:
    matrix = np.atleast_2d(np.corrcoef(rooms.T))
    pairs: Floats = matrix[np.tril_indices(len(matrix), -1)]
    return pairs
