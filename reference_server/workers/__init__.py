"""Several processes that serve one port: `docs/workers.md` says why it is done this way.

    parent ──┬── detector   own subscription ──▶ alerts, numbered and committed to the alerts' file
             ├── worker 1   own subscription ──▶ readings; alerts from the file ──▶ its clients
             └── worker 2   the same

The parent handles neither readings nor clients: it holds the listening sockets, so that none is ever closed while a
worker is replaced, and a line to each process.
"""
