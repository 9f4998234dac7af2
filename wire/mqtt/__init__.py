"""Links to a broker: our own, an asyncio Protocol around the codec `mqtt5` made for bulk, and aiomqtt for the rest."""

from wire.mqtt.address import BrokerAddress, BrokerAddressError, client_tls, tls_context
from wire.mqtt.choice import carried_by, make_link, readings_per_s
from wire.mqtt.client_link import ClientLink
from wire.mqtt.errors import BrokerError
from wire.mqtt.link import Link
from wire.mqtt.terms import LinkOptions, MqttLink, Subscription, UserProperties, Version

__all__ = [
    "BrokerAddress",
    "BrokerAddressError",
    "BrokerError",
    "ClientLink",
    "Link",
    "LinkOptions",
    "MqttLink",
    "Subscription",
    "UserProperties",
    "Version",
    "carried_by",
    "client_tls",
    "make_link",
    "readings_per_s",
    "tls_context",
]
