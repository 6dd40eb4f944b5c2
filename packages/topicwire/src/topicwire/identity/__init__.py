"""Who a client is: what an application implements, and what it sees of a handshake."""

from __future__ import annotations

from topicwire.identity.authenticator import Authenticate, Authenticator
from topicwire.identity.handshake import Handshake
from topicwire.types import ANONYMOUS, Principal

__all__ = ["ANONYMOUS", "Authenticate", "Authenticator", "Handshake", "Principal"]
