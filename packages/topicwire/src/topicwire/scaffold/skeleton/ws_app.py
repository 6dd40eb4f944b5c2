"""The WebSocket of the application: the routes of every module in `MODULES`, at `PATH`."""

from fastapi import FastAPI

from topicwire import FastWSAdapter
from topicwire.scaffold.skeleton.modules import MODULES

PATH = "/api/v1/ws"


def websocket() -> FastWSAdapter:
    """Make the adapter with every route. Its document is at `PATH/asyncapi.json`."""
    ws = FastWSAdapter(title="Topicwire application", version="0.1.0", path=PATH)
    for module in MODULES:
        for router in module().get_ws_routers():
            ws.include_router(router)
    return ws


def add_websocket(app: FastAPI) -> FastWSAdapter:
    """Serve the WebSocket from `app`."""
    ws = websocket()
    ws.setup(app)
    return ws
