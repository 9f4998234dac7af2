"""`simulate preview`: a picture of a day of one building, to look at before anything is published."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from simulator import options
from simulator.aside import written_aside
from simulator.fleet import Fleet
from simulator.order import FleetOrder
from simulator.preview_day import Day, live_through, panels
from simulator.ranges import check_ranges
from simulator.shard import Shard
from simulator.start import MIDNIGHT, parse_start
from simulator.status import say
from wire.errors import SensorSwarmError, UnusableError
from wire.nearest import nearest
from wire.reading import building_name

_START = MIDNIGHT.date().isoformat()  # unlike a load's: a whole day
_MOST_SAMPLES = 50_000  # more than a picture can show, and than anybody should wait for


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(FleetOrder):
    """What to draw, in simulated time."""

    out: Path
    building: str = "b-0001"
    hours: float = 24.0

    def check(self) -> None:
        """Look at the ending and the numbers.

        Raises:
            SensorSwarmError: one of them cannot be.
        """
        if self.out.suffix.lower() != ".png":
            raise SensorSwarmError(f"--out {self.out}: unknown ending {self.out.suffix!r}; a preview is a .png")
        self.check_fleet()
        check_ranges(
            ("--buildings", self.buildings, 1, 100_000),
            ("--sensors", self.sensors, 1, 10_000),
            ("--hours", self.hours, 0.01, 10_000),
            ("--interval", self.interval_s, 0.1, self.hours * 3600 / 2),
            ("--hours divided by --interval", self.samples, 2, _MOST_SAMPLES),
        )

    @property
    def samples(self) -> int:
        """Readings of each sensor."""
        return int(self.hours * 3600 / self.interval_s) if self.interval_s > 0 else 0

    def fleet(self) -> Fleet:
        """Make the building, as a shard of its fleet: the others need not be simulated.

        Raises:
            SensorSwarmError: the building, the profile or the list of anomalies cannot be used.
        """
        names = [building_name(number) for number in range(self.buildings)]
        if self.building not in names:
            raise SensorSwarmError(
                f"--building {self.building}: no such building in a fleet of {self.buildings}; "
                f"{nearest(self.building, names)}"
            )
        return self.make(Shard(names.index(self.building) + 1, self.buildings))


def write_preview(order: Order) -> str:
    """Simulate, draw and write the picture; returns its caption.

    Raises:
        SensorSwarmError: something the user can mend; UnusableError when the file cannot be written to the end.
    """
    from simulator import preview_figure  # noqa: PLC0415 - matplotlib takes a second that no other command should wait

    order.check()
    fleet = order.fleet()
    with written_aside(order.out) as file:
        day = live_through(fleet, 0, order.samples)
        text = caption(order, day)
        figure = preview_figure.draw(
            day,
            panels(fleet, day),
            fleet.layout.names,
            start=order.start,
            title=f"{order.building} · {order.profile} · {order.start:%A %d %B %Y, %H:%M}",
            caption=text,
        )
        preview_figure.write_png(figure, file)
    return text


def caption(order: Order, day: Day) -> str:
    """Say what is drawn, how it was made and what befell the building."""
    kinds = Counter(truth.kind for truth in {truth.cause: truth for per in day.truths for truth in per}.values())
    befell = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(kinds.items())) or "none"
    return (
        f"Simulated: {order.sensors} sensors, a reading of each every {order.interval_s:g} s, {order.hours:g} h, "
        f"seed {order.seed}, profile {order.profile}. Anomalies in the "
        f"building: {befell}; shaded are those of the sensors drawn."
    )


def preview(
    *,
    out: Annotated[Path, typer.Option(help="File to write: .png.")],
    building: Annotated[str, typer.Option(help="Which building.")] = "b-0001",
    hours: Annotated[float, typer.Option(help="Simulated hours.")] = 24.0,
    buildings: options.Buildings = 50,
    sensors: options.Sensors = 200,
    interval: options.Interval = 60.0,
    seed: options.Seed = 0,
    profile: options.Profile = "office",
    start: options.Start = _START,
    anomalies: options.Anomalies = None,
    anomaly_rate: options.AnomalyRate = 1.0,
) -> None:
    """Draw a day of one simulated building as a PNG. Needs no broker."""
    order = Order(
        out=out,
        building=building,
        buildings=buildings,
        sensors=sensors,
        hours=hours,
        interval_s=interval,
        seed=seed,
        profile=profile,
        start=parse_start(start),
        anomalies=anomalies,
        anomaly_rate=anomaly_rate,
    )
    try:
        text = write_preview(order)
    except KeyboardInterrupt:
        raise UnusableError(f"interrupted; {out} was not written") from None
    say(Console(), f"{out}: {text}")
