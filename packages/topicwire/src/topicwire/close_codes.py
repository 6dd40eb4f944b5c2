"""WebSocket close codes that the server sends (protocol, section 6)."""

from __future__ import annotations

from typing import Final

GOING_AWAY: Final = 1001
"""The server is stopping (RFC 6455, section 7.4.1)."""

SERVICE_RESTART: Final = 1012
"""The program that serves the app is stopping. uvicorn sends it by itself, before the app learns
that it is to stop, so that its clients see this and not `GOING_AWAY`."""

MESSAGE_TOO_BIG: Final = 1009
"""A message is larger than `Settings.max_message_bytes` (RFC 6455, section 7.4.1)."""

INTERNAL_ERROR: Final = 1011
"""A fault of the server (RFC 6455, section 7.4.1)."""

UNAUTHENTICATED: Final = 4001
"""Who the client is cannot be told, or not any longer. It needs another token."""

FORBIDDEN: Final = 4003
"""The client is not let in: by its origin, the app's `authenticate`, or a revocation."""

SLOW_CONSUMER: Final = 4008
"""The client did not take its updates: `Settings.max_queue_bytes` were waiting for it."""

NO_SIGN_OF_LIFE: Final = 4010
"""Nothing came from the client within `Settings.heartbeat_grace_s` after a ping had left."""

RATE_LIMITED: Final = 4029
"""The client went on sending messages although they were refused with `rate_limited`, or it has as
many connections as one principal or one address may have."""
