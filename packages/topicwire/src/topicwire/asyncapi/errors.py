"""What can be wrong with a document, or with what it is to be made from."""

from __future__ import annotations

from topicwire.errors import TopicwireError


class DocumentError(TopicwireError, ValueError):
    """A document cannot be made, or one that was read is not a document of ours.

    The message names the route or the JSON pointer at fault, what was seen there and the cure.
    """


class FrameMismatchError(DocumentError, AssertionError):
    """A frame matches no message of the document, or more than one.

    Attributes:
        matches: the names of the messages it matches.
    """

    def __init__(self, message: str, *, matches: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.matches = matches
