"""The app that a server serves: `uvicorn trading_api.main:app`, or `python -m trading_api`."""

from trading_api.app_factory import create_app
from trading_api.shared.logs import configure_logging

configure_logging()
app, ws_app = create_app()
