"""Two modules with a model of the same name."""

from packages.topicwire.tests.asyncapi.twins import first, second

__all__ = ["first", "second"]
