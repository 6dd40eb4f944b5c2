"""The hub as an ASGI application."""
