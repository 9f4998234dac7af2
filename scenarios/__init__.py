"""Scenarios: TOML files, their schema, and the runner that turns one into processes."""
