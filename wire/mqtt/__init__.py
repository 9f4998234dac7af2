"""The MQTT 5 link: an asyncio Protocol around the sans-I/O codec `mqtt5`, made for bulk."""

from wire.mqtt.address import BrokerAddress, BrokerAddressError, tls_context
from wire.mqtt.link import BrokerError, Link, Subscription

__all__ = ["BrokerAddress", "BrokerAddressError", "BrokerError", "Link", "Subscription", "tls_context"]
