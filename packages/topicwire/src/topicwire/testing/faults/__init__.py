"""Connections that go wrong as a test says: cut, delayed, doubled, stalled.

`FaultyApp` stands between an in-process client and the application, and knows messages;
`FaultProxy` stands between real sockets, and knows bytes. Nothing here is random, and no time
passes that the test's clock does not let pass.
"""

from topicwire.testing.faults.app import FaultyApp, FaultyLink
from topicwire.testing.faults.directions import BytesDirection, MessagesDirection
from topicwire.testing.faults.proxy import FaultProxy, ProxiedLink

__all__ = [
    "BytesDirection",
    "FaultProxy",
    "FaultyApp",
    "FaultyLink",
    "MessagesDirection",
    "ProxiedLink",
]
