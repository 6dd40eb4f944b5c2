"""Pydantic constructs that travel: every part of the contract is tested on each of them."""

from packages.topicwire.tests.corpus.constructs import CONSTRUCTS, Construct
from packages.topicwire.tests.corpus.routes import corpus_adapter, route_name

__all__ = ["CONSTRUCTS", "Construct", "corpus_adapter", "route_name"]
