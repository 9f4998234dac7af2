"""What a building is used for: who is there when, what it is equipped with, how it is run.

Presence, densities and loads are rounded from the DOE commercial reference buildings and ASHRAE 90.1 (schedules, W/m2),
temperatures and fresh air from EN 16798-1 category II (7 l/s a person and, in a building that itself pollutes little,
0.35 l/s a square metre).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wire.errors import SensorSwarmError
from wire.nearest import nearest

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Day = tuple[float, ...]  # share of a zone's people present at each full hour, 24 of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One use of a building."""

    weekday: Day
    saturday: Day
    sunday: Day
    area_m2: float  # of a zone
    people_per_m2: float  # when everybody is there
    stay_s: float  # mean time that somebody stays in a zone before leaving it
    co2_l_per_s: float  # breathed out by one person
    lighting_w_m2: float
    plugs_w_person: float  # what people switch on when they come
    base_w_m2: float  # what nobody ever switches off: servers, refrigeration, stand-by
    heat_to_c: float  # while the building is run
    cool_to_c: float
    setback_k: float  # how much further it may drift when not
    opens_h: float  # time of day the ventilation starts
    closes_h: float
    open_weekend: bool
    spread_s: float  # by which rooms of a building live earlier or later than one another
    away: float  # share of the rooms that nobody uses on a day
    day_begins_h: float  # when it is drawn anew who comes


def _day(*steps: tuple[int, float]) -> Day:
    """Presence by hour from (hour, share) steps, each valid until the next."""
    shares = [0.0] * 24
    for hour, share in steps:
        shares[hour:] = [share] * (24 - hour)
    return tuple(shares)


_NIGHT = _day((0, 0.0))
PROFILES: dict[str, Profile] = {
    "office": Profile(
        weekday=_day(
            *((6, 0.03), (7, 0.12), (8, 0.4), (9, 0.58), (10, 0.7), (12, 0.55), (13, 0.75), (14, 0.85)),
            *((16, 0.75), (17, 0.45), (18, 0.15), (19, 0.03), (20, 0.0)),
        ),
        saturday=_day((9, 0.05), (10, 0.1), (16, 0.0)),
        sunday=_day((10, 0.04), (16, 0.0)),
        area_m2=18.0,
        people_per_m2=1 / 10,
        stay_s=2400.0,
        co2_l_per_s=0.0052,
        lighting_w_m2=6.5,
        plugs_w_person=85.0,
        base_w_m2=3.0,
        heat_to_c=21.5,
        cool_to_c=24.0,
        setback_k=2.0,
        opens_h=6.0,
        closes_h=19.0,
        open_weekend=False,
        spread_s=1800.0,
        away=0.2,
        day_begins_h=4.0,
    ),
    "school": Profile(
        weekday=_day((7, 0.1), (8, 0.75), (12, 0.5), (13, 0.7), (15, 0.3), (16, 0.08), (17, 0.02), (18, 0.0)),
        saturday=_NIGHT,
        sunday=_NIGHT,
        area_m2=28.0,
        people_per_m2=1 / 7,
        stay_s=2700.0,
        co2_l_per_s=0.0042,
        lighting_w_m2=6.0,
        plugs_w_person=8.0,
        base_w_m2=2.0,
        heat_to_c=20.5,
        cool_to_c=24.5,
        setback_k=4.0,
        opens_h=6.0,
        closes_h=18.5,
        open_weekend=False,
        spread_s=400.0,
        away=0.1,
        day_begins_h=4.0,
    ),
    "retail": Profile(
        weekday=_day(
            (8, 0.1), (9, 0.25), (11, 0.45), (12, 0.55), (14, 0.45), (16, 0.6), (19, 0.35), (20, 0.1), (21, 0.0)
        ),
        saturday=_day((8, 0.1), (9, 0.3), (11, 0.7), (16, 0.6), (19, 0.3), (20, 0.1), (21, 0.0)),
        sunday=_day((10, 0.1), (11, 0.3), (16, 0.1), (18, 0.0)),
        area_m2=20.0,
        people_per_m2=1 / 9,
        stay_s=1200.0,
        co2_l_per_s=0.0058,
        lighting_w_m2=10.0,
        plugs_w_person=15.0,
        base_w_m2=4.0,
        heat_to_c=20.5,
        cool_to_c=24.0,
        setback_k=4.0,
        opens_h=7.0,
        closes_h=21.5,
        open_weekend=True,
        spread_s=600.0,
        away=0.02,
        day_begins_h=4.0,
    ),
    "hotel": Profile(
        weekday=_day((0, 0.75), (7, 0.6), (8, 0.4), (9, 0.25), (10, 0.15), (17, 0.3), (19, 0.4), (21, 0.55), (22, 0.7)),
        saturday=_day((0, 0.8), (8, 0.6), (9, 0.45), (10, 0.25), (16, 0.3), (19, 0.35), (22, 0.65)),
        sunday=_day((0, 0.75), (8, 0.6), (9, 0.4), (10, 0.2), (17, 0.25), (20, 0.4), (22, 0.6)),
        area_m2=22.0,
        people_per_m2=1 / 14,
        stay_s=9000.0,
        co2_l_per_s=0.0042,
        lighting_w_m2=5.0,
        plugs_w_person=35.0,
        base_w_m2=4.0,
        heat_to_c=20.5,
        cool_to_c=24.0,
        setback_k=1.5,
        opens_h=0.0,
        closes_h=24.0,
        open_weekend=True,
        spread_s=2700.0,
        away=0.2,
        day_begins_h=13.0,
    ),
}
MIXED = "mixed"  # every building draws its own


def check(profile: str) -> None:
    """Look whether there is such a profile.

    Raises:
        SensorSwarmError: there is none.
    """
    if profile != MIXED and profile not in PROFILES:
        raise SensorSwarmError(f"no building profile {profile!r}; {nearest(profile, (*PROFILES, MIXED))}")


def draw(profile: str, rngs: list[np.random.Generator]) -> Ints:
    """Number of each building's profile in the order of PROFILES, shape (buildings,); one draw of each generator."""
    names = list(PROFILES)
    drawn = [int(rng.integers(len(names))) for rng in rngs]  # always, so that all else is drawn alike
    return np.array(drawn if profile == MIXED else [names.index(profile)] * len(rngs), dtype=np.int64)


class Table:
    """The numbers of many buildings' profiles as columns that broadcast over zones.

    Args:
        kinds: number of each building's profile, shape (buildings,).
    """

    def __init__(self, kinds: Ints) -> None:
        self._columns: dict[str, Any] = {
            item.name: np.array([getattr(profile, item.name) for profile in PROFILES.values()])[kinds][:, None]
            for item in fields(Profile)
            if item.name not in ("weekday", "saturday", "sunday")
        }
        days = [[p.weekday] * 5 + [p.saturday, p.sunday] for p in PROFILES.values()]
        self.presence: Floats = np.array(days)  # (profiles, 7 days, 24 hours)

    def of(self, name: str) -> Floats:
        """One field of every building's profile, shape (buildings, 1)."""
        column: Floats = self._columns[name].astype(np.float64)
        return column
