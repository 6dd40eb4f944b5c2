"""The Python client: subscribe, resume and ask, over one connection that heals itself."""
