"""RFC 6455, the server's side: what `topicwire.asgi.uvicorn` is made of."""
