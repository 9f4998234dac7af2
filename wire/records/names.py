"""Names of a run directory's files."""

from __future__ import annotations

SCHEMA = 2  # of run.json, books.json and summary.json; readers refuse a newer one

RUN = "run.json"
PUBLISHED = "published.jsonl"
ANOMALIES = "anomalies.jsonl"
LATENCY = "latency.hlog"
CLIENTS = "clients.jsonl"
ALERTS = "alerts.jsonl"
FAULTS = "faults.jsonl"
INTRUSIONS = "intrusions.jsonl"
HEALTH = "health.jsonl"
BOOKS = "books.json"
RESOURCES = "resources.jsonl"
SUMMARY = "summary.json"
SWARM_READY = "swarm.ready"  # made by the swarm when every client is live; holds the time
