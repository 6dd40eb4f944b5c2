"""The state of connections and topics. Pure: no asyncio, no clock; callers pass the time."""
