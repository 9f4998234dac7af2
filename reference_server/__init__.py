"""The reference server: readings and alerts from MQTT to the managers who may see them, over WebSocket.

Pure: `accept` (which MQTT messages are readings), `malformed` (the others), `detector` with `limits` (what is an
alert), `hub` (who gets what, and history), `identity` (who a client is), `session` (one client's conversation),
`outbox` (how much may wait for it), `quotas` (how much of the server anybody may have), `probes`, `traffic`,
`histogram` and `refusals` (what there is to tell). Shells: `ingest` (MQTT in), `client` and `server` (WebSocket out),
`certificate` (TLS), `metrics` and `operations` (the port of those who run it), `logs`, `service` (all of it, from start
to stop), `alert_store` and `alert_feed` (alerts on disk), `workers` (several processes on one port), `cli`.
"""
