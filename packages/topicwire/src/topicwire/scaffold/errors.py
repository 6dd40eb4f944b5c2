"""What a scaffold refuses, with the cure."""

from __future__ import annotations

from topicwire.errors import TopicwireError


class ScaffoldError(TopicwireError, ValueError):
    """What was asked for cannot be written. Nothing was."""
