"""Sensors and clients of each process's own, which no clock's error can touch."""
