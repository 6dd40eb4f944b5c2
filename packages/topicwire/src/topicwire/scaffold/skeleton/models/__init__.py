"""Every model that travels. Pydantic alone."""

__all__: list[str] = []
