"""Free ports are free, and lie where no outgoing connection can take them."""

import socket

from wire.ports import bindable, free_port


def test_ports_in_a_row_are_all_free_and_below_the_outgoing_range() -> None:
    """Each of them can be listened on."""
    port = free_port(in_a_row=3)
    assert port + 3 <= 32_768
    for offset in range(3):
        with socket.create_server(("127.0.0.1", port + offset)):
            assert not bindable("127.0.0.1", port + offset)
