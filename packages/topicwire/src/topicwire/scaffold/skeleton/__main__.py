"""Serves the application: `python -m` and its name. HOST and PORT choose where."""

import os

import uvicorn

if __name__ == "__main__":
    uvicorn.run(
        "topicwire.scaffold.skeleton.app:app",
        host=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ.get("PORT", "8000")),
        ws="topicwire.asgi.uvicorn:WebSocketProtocol",
        http="topicwire.asgi.uvicorn_http:HttpProtocol",
    )
