"""WebSocket routes: the router template and the names that modules write routes with."""
