"""An older name of `trading_api.shared.ws`, kept for the imports that use it."""
