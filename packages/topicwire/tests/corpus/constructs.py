"""Every type of the corpus, and what is to become of it."""

from __future__ import annotations

from packages.topicwire.tests.corpus.construct import Construct
from packages.topicwire.tests.corpus.table_behaviours import BEHAVIOURS
from packages.topicwire.tests.corpus.table_models import MODELS
from packages.topicwire.tests.corpus.table_scalars import SCALARS
from packages.topicwire.tests.corpus.table_structures import STRUCTURES

__all__ = ["CONSTRUCTS", "Construct"]

CONSTRUCTS = [*MODELS, *SCALARS, *STRUCTURES, *BEHAVIOURS]
