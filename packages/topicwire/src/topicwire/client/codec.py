"""How a client writes its messages, and what it offers to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, get_args

from topicwire.errors import DeclarationError
from topicwire.wire import packed
from topicwire.wire.frames import PACKED_SUBPROTOCOL, SUBPROTOCOL

CodecName: TypeAlias = Literal["json", "msgpack"]

_OFFERS: Final[dict[CodecName, Sequence[str]]] = {
    "json": (SUBPROTOCOL,),
    # the server takes the first that it knows
    "msgpack": (PACKED_SUBPROTOCOL, SUBPROTOCOL),
}


class Codec:
    """JSON in text frames, or MessagePack in binary ones: as each connection agrees.

    Args:
        name: what is preferred. With "msgpack" JSON is offered, too, for servers without.

    Attributes:
        offers: subprotocols, the preferred one first.
        is_binary: MessagePack was agreed.

    Raises:
        DeclarationError: there is no such codec.
        ImportError: ormsgpack is not installed.
    """

    def __init__(self, name: CodecName) -> None:
        if name not in _OFFERS:
            names = " or ".join(map(repr, get_args(CodecName)))
            raise DeclarationError(f"codec={name!r}: it is {names}.")
        if name == "msgpack" and not packed.IS_AVAILABLE:
            raise ImportError(
                "codec='msgpack' needs the `ormsgpack` library: `pip install topicwire[msgpack]`."
            )
        self.offers = _OFFERS[name]
        self.is_binary = False

    def agreed(self, subprotocol: str | None) -> bool:
        """Take what a server has chosen. Returns whether it is one of those offered."""
        self.is_binary = subprotocol == PACKED_SUBPROTOCOL
        return subprotocol in self.offers

    def written(self, text: str) -> str | bytes:
        """Return a message, which is JSON, as it was agreed."""
        return packed.packed(text.encode()) if self.is_binary else text
