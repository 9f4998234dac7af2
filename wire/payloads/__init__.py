"""Payload formats of a reading, one file each."""
