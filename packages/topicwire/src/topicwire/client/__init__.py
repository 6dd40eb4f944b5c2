"""The Python client: subscribe, resume and ask, over one connection that heals itself.

    pip install topicwire[client]

See `Client`.
"""

from topicwire.client.backoff import Backoff
from topicwire.client.client import Client, ClientOptions
from topicwire.client.clock import Clock, Timer
from topicwire.client.codec import CodecName
from topicwire.client.effects import Gap, UpdateInfo
from topicwire.client.errors import (
    CancelledByCallerError,
    ClientClosedError,
    ClientError,
    DisconnectedError,
    GapError,
    InvalidDataError,
    InvalidMessageFromServerError,
    LoginFailedError,
    NoSocketError,
    OfflineError,
    RefusedError,
    RequestTimeoutError,
    ServerRefusesError,
    SlowConsumerError,
    TooSlowError,
)
from topicwire.client.link import Status
from topicwire.client.login import TokenSource
from topicwire.client.route import Route, Subscription
from topicwire.client.socket import Connector, Loss, Socket, SocketEvents
from topicwire.client.stream import UpdateStream

__all__ = [
    "Backoff",
    "CancelledByCallerError",
    "Client",
    "ClientClosedError",
    "ClientError",
    "ClientOptions",
    "Clock",
    "CodecName",
    "Connector",
    "DisconnectedError",
    "Gap",
    "GapError",
    "InvalidDataError",
    "InvalidMessageFromServerError",
    "LoginFailedError",
    "Loss",
    "NoSocketError",
    "OfflineError",
    "RefusedError",
    "RequestTimeoutError",
    "Route",
    "ServerRefusesError",
    "SlowConsumerError",
    "Socket",
    "SocketEvents",
    "Status",
    "Subscription",
    "Timer",
    "TokenSource",
    "TooSlowError",
    "UpdateInfo",
    "UpdateStream",
]
