"""The template of every route, and what modules write their routes with."""
