"""The application: REST and WebSocket, and the page where there is a built one."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from topicwire.scaffold.skeleton.ws_app import add_websocket

PAGE = Path(__file__).parents[1] / "page" / "dist"


def create_app() -> FastAPI:
    """Make an app that shares nothing with any other."""
    app = FastAPI(title="Topicwire application")
    add_websocket(app)

    @app.get("/api/v1/health")
    async def get_health() -> dict[str, str]:
        """Answer that the app is served."""
        return {"status": "ok"}

    if PAGE.is_dir():
        app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    return app


app = create_app()
