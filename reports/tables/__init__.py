"""Run data -> finished tables: pure, numpy arrays and frozen dataclasses, nothing drawn."""
