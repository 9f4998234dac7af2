"""Kinds of anomalies, one file each, and their registry in the order in which they act on a reading.

What happens in the building comes first, then what the sensor makes of it (scale, offset, noise, saturation, a stuck
register, silence), then what the way to the broker does.
"""

from simulator.anomalies._cause import Action, Cause
from simulator.anomalies._kind import Allowed, Conveyance, Fault, Kind, Layer, Moments, Scope
from simulator.anomalies.base_load_creep import BASE_LOAD_CREEP
from simulator.anomalies.bias import BIAS
from simulator.anomalies.clock_skewed import CLOCK_SKEWED
from simulator.anomalies.delayed import DELAYED
from simulator.anomalies.drift import DRIFT
from simulator.anomalies.dropout import DROPOUT
from simulator.anomalies.duplicated import DUPLICATED
from simulator.anomalies.fire import FIRE
from simulator.anomalies.gain import GAIN
from simulator.anomalies.gateway_outage import GATEWAY_OUTAGE
from simulator.anomalies.humidity_leak import HUMIDITY_LEAK
from simulator.anomalies.hvac_failure import HVAC_FAILURE
from simulator.anomalies.noise_burst import NOISE_BURST
from simulator.anomalies.out_of_order import OUT_OF_ORDER
from simulator.anomalies.out_of_range import OUT_OF_RANGE
from simulator.anomalies.power_surge import POWER_SURGE
from simulator.anomalies.spike import SPIKE
from simulator.anomalies.stuck import STUCK
from simulator.anomalies.window_open import WINDOW_OPEN

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        *(FIRE, HVAC_FAILURE, WINDOW_OPEN, HUMIDITY_LEAK, POWER_SURGE, BASE_LOAD_CREEP),
        *(GAIN, BIAS, DRIFT, NOISE_BURST, SPIKE, OUT_OF_RANGE, STUCK, DROPOUT, GATEWAY_OUTAGE),
        *(DELAYED, OUT_OF_ORDER, DUPLICATED, CLOCK_SKEWED),
    )
}

__all__ = ["KINDS", "Action", "Allowed", "Cause", "Conveyance", "Fault", "Kind", "Layer", "Moments", "Scope"]
