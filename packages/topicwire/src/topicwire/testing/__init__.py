"""The public test kit: what an application built on Topicwire tests itself with.

`connect` is a client in the same process, `ManualClock` a clock that a test moves, and
`InProcessConnector` connects `topicwire.client.Client` without a network. With the extra `codegen`
installed, `topicwire.testing.conformance` holds every message against the document.
"""

from topicwire.testing.client import ConnectionEnded, InProcessClient, connect
from topicwire.testing.clock import ManualClock
from topicwire.testing.connector import InProcessConnector

__all__ = [
    "ConnectionEnded",
    "InProcessClient",
    "InProcessConnector",
    "ManualClock",
    "connect",
]
