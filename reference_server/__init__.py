"""The reference server: readings and alerts from MQTT to the managers who may see them, over WebSocket.

Pure: `accept` (which MQTT messages are readings), `malformed` (the others), `detector` with `limits` (what is an
alert), `hub` (who gets what, and history), `identity` (who a client is), `session` (one client's conversation),
`outbox` (how much may wait for it). Shells: `ingest` (MQTT in), `client` and `server` (WebSocket out), `service` (all
of it, from start to stop), `cli`.
"""
