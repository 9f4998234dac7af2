"""Turns readings into alerts: too high, too low, rising too fast, stuck, silent, unlike its own past. Pure."""

from reference_server.detector.detector import Detector

__all__ = ["Detector"]
