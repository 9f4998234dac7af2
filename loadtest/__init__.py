"""A Locust swarm of WebSocket clients that keeps books on every message. gevent lives here: no asyncio."""
