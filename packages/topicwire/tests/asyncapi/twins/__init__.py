"""Three modules whose types have the same names, and not the same fields."""

from packages.topicwire.tests.asyncapi.twins import first, second, third

__all__ = ["first", "second", "third"]
