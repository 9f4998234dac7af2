"""What crosses a process boundary: readings, topics, payloads, dashboard messages, the MQTT link, run records.

Imports nothing of ours. Modules that need asyncio (`wire.mqtt`, `wire.broker`) are never imported from here,
because `loadtest` runs under gevent and shares this package.
"""
