"""The weather of one city: the same for every building of a fleet.

    temperature = year + day + front      year, day: cosines; front: Ornstein-Uhlenbeck, tau 1.2 days
    dew point   = year - depression       depression: Ornstein-Uhlenbeck, tau 12 h, less in a warm front
    sun         = clear sky (by solar elevation) * (1 - 0.75 cloud^3.4)      Kasten and Czeplak 1980
    wind        = lognormal of an Ornstein-Uhlenbeck, tau 4 h
    CO2         = 420 ppm (Mauna Loa 2023) + what a city adds: more at night under a low mixing layer, less in wind

The noise is drawn for whole hours, by their day, and joined by straight lines. It begins SPIN_UP_H before it is
asked for, by when its first value is forgotten. So the weather of a moment follows from the seed alone, however often
and from when on one looks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.physics.draws import Draws, Purpose

DAY_S = 86_400.0
YEAR_S = 365.2425 * DAY_S
HOUR_S = 3600.0
SPIN_UP_H = 600  # twenty times the longest tau
_TAU_S = np.array([1.2 * DAY_S, 0.5 * DAY_S, 0.4 * DAY_S, 4 * HOUR_S, 8 * HOUR_S])  # front, dryness, cloud, wind, air
_KEEP = np.exp(-HOUR_S / _TAU_S)
_FRESH = np.sqrt(1 - _KEEP**2)
_HORIZON = 0.01  # sine of the elevation below which the sun warms nothing
_LATITUDE = math.radians(45.0)
_WARMEST_S = 205 * DAY_S  # 25 July
_SUMMER_SOLSTICE_S = 172 * DAY_S


@dataclass(frozen=True, slots=True)
class Weather:
    """Outdoors at one moment."""

    temperature_c: float
    humidity_ratio: float  # kg of vapour per kg of dry air
    sun_w_m2: float  # on the horizontal
    sun_azimuth: float  # radians clockwise from north
    wind: float  # about 1, multiplies infiltration
    co2_ppm: float


class City:
    """The weather from `start_s` on.

    Args:
        rng: used for nothing else.
        start_s: first moment that will be asked for, seconds since 1970-01-01 00:00 local time.
    """

    def __init__(self, rng: np.random.Generator, start_s: float) -> None:
        self._draws = Draws([rng])
        self._mean_c = rng.uniform(11.0, 15.0)
        self._yearly_c = rng.uniform(6.0, 9.0)
        self._daily_c = rng.uniform(3.5, 5.0)
        self._first_h = (math.floor(start_s / HOUR_S) - SPIN_UP_H) // 24 * 24  # a midnight: a day is drawn at once
        self._hours: list[NDArray[np.float64]] = [np.zeros(_TAU_S.size)]

    def at(self, t_s: float) -> Weather:
        """Weather at a moment not before `start_s`, same clock."""
        front, dry, cloudy, gusty, stale = self._noise(t_s)
        hour = t_s % DAY_S / HOUR_S
        season = self._mean_c + self._yearly_c * math.cos(2 * math.pi * (t_s - _WARMEST_S) / YEAR_S)
        swing = self._daily_c * math.cos(2 * math.pi * (hour - 15.0) / 24)
        temperature = season + swing + 1.8 * front
        dew_point = min(season - 4.5 + 1.4 * dry + 0.8 * front, temperature)
        cloud = 1 / (1 + math.exp(-1.5 * cloudy))
        return Weather(
            temperature,
            humidity_ratio(dew_point),
            _clear_sky_w_m2(t_s, hour) * (1 - 0.75 * cloud**3.4),
            math.radians(15.0 * hour),
            math.exp(0.35 * gusty - 0.06),
            420.0 + (18.0 - 8.0 * math.cos(2 * math.pi * (hour - 15.0) / 24)) * math.exp(0.5 * stale - 0.3 * gusty),
        )

    def _noise(self, t_s: float) -> list[float]:
        place = t_s / HOUR_S - self._first_h
        hour = int(place)
        while len(self._hours) < hour + 2:
            day = (self._first_h + len(self._hours) - 1) // 24
            for fresh in self._draws.fresh(Purpose.WEATHER, day, 24 * _TAU_S.size).reshape(24, -1):
                self._hours.append(_KEEP * self._hours[-1] + _FRESH * fresh)
        share = place - hour
        noise: list[float] = ((1 - share) * self._hours[hour] + share * self._hours[hour + 1]).tolist()
        return noise


def humidity_ratio(dew_point_c: float) -> float:
    """kg/kg at sea level; saturation pressure after Magnus (Alduchov and Eskridge 1996)."""
    vapour_pa = 610.94 * math.exp(17.625 * dew_point_c / (dew_point_c + 243.04))
    return 0.62198 * vapour_pa / (101_325.0 - vapour_pa)


def _clear_sky_w_m2(t_s: float, hour: float) -> float:
    """Global radiation under a clear sky, after Haurwitz 1945."""
    declination = math.radians(23.44) * math.cos(2 * math.pi * (t_s - _SUMMER_SOLSTICE_S) / YEAR_S)
    height = math.sin(_LATITUDE) * math.sin(declination) + math.cos(_LATITUDE) * math.cos(declination) * math.cos(
        math.radians(15.0 * (hour - 12.0))
    )
    return 1098.0 * height * math.exp(-0.057 / height) if height > _HORIZON else 0.0
