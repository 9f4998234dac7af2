"""A run whose clients are in several processes, on one machine or on many: Locust's workers, and its master.

Everything goes by messages of Locust's own, over the connection that each worker has to the master. A worker has a
`Crew` of clients and no run directory; the master has the `Swarm` and no client.

    worker -> master   joined    has begun
                       deal      asks for numbers of new clients
                       batch     what happened since the last one, once a second
                       stopped   has stopped; when each alert first arrived here
                       closed    books of its clients
                       failed    cannot take part, and why
                       gone      its process ends without having handed over its books
    master -> worker   dealt     numbers and kinds
                       cut, leave
                       stop      is answered by stopped
                       close     when each alert first arrived anywhere, what was published; is answered by closed
                       over      the books are in; the worker may end

The last three are the handshake that ends a run: Locust's own last report can be lost when it quits. Every message
carries the number of its run, for one of an earlier run may still be on its way.
"""
