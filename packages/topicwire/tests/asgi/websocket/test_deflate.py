"""permessage-deflate: what is agreed on, and what is made of messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
)
from websockets.frames import Frame, Opcode
from websockets.headers import parse_extension

from topicwire.asgi.websocket import messages
from topicwire.asgi.websocket.deflate import (
    WINDOW_BITS,
    OfferError,
    TooLargeError,
    agree,
    deflate,
    inflate,
)
from topicwire.asgi.websocket.messages import framing

BASE = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


@pytest.mark.parametrize(
    ("offers", "answer", "bits"),
    [
        ("permessage-deflate", BASE, WINDOW_BITS),
        ("permessage-deflate; client_max_window_bits", BASE, WINDOW_BITS),
        ("x, ,permessage-deflate;client_max_window_bits=8 ,y;z=1", BASE, WINDOW_BITS),
        (
            'permessage-deflate; server_max_window_bits="15"',
            f"{BASE}; server_max_window_bits=15",
            12,
        ),
        ("permessage-deflate; server_max_window_bits=9", f"{BASE}; server_max_window_bits=9", 9),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", BASE, WINDOW_BITS),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", BASE, 12),
    ],
)
def test_the_first_offer_that_can_be_met(offers: str, answer: str, bits: int) -> None:
    agreed = agree(offers)
    assert agreed is not None
    assert (agreed.answer, agreed.window_bits) == (answer, bits)


@pytest.mark.parametrize(
    "offers",
    [
        "",
        "x-webkit-deflate-frame",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; other",
    ],
)
def test_an_offer_that_cannot_be_met_is_declined(offers: str) -> None:
    assert agree(offers) is None


@pytest.mark.parametrize("offers", ["permessage-deflate;", "a b", '"a"', "a; b=", 'a; b="c'])
def test_what_cannot_be_read_is_no_offer(offers: str) -> None:
    with pytest.raises(OfferError):
        agree(offers)


@pytest.mark.parametrize("bits", [None, 9, 12, 15])
def test_websockets_own_client_takes_the_answer(bits: int | None) -> None:
    factory = ClientPerMessageDeflateFactory(
        server_max_window_bits=bits, client_max_window_bits=True
    )
    parameters = "".join(
        f"; {name}" if value is None else f"; {name}={value}"
        for name, value in factory.get_request_params()
    )
    agreed = agree(f"permessage-deflate{parameters}")
    assert agreed is not None
    [(_, answer)] = parse_extension(agreed.answer)
    extension = factory.process_response_params(answer, [])
    message = b"every one by itself " * 500
    for _ in range(2):
        sent = Frame(Opcode.TEXT, deflate(message, agreed.window_bits), rsv1=True)
        assert bytes(extension.decode(sent).data) == message
        assert inflate(bytes(extension.encode(Frame(Opcode.TEXT, message)).data), None) == message


@given(st.binary(max_size=5_000), st.sampled_from([9, 12, 15]))
def test_what_is_deflated_is_inflated(message: bytes, bits: int) -> None:
    assert inflate(deflate(message, bits), len(message)) == message
    if message:
        with pytest.raises(TooLargeError):
            inflate(deflate(message, bits), len(message) - 1)


def test_what_is_not_compressed_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid"):
        inflate(b"\xff" * 10, 1_000)


def test_a_message_for_many_is_compressed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []

    def counted(message: bytes, window_bits: int) -> bytes:
        made.append(message)
        return deflate(message, window_bits)

    monkeypatch.setattr(messages, "deflate", counted)
    text, other = "x" * 300, "y" * 300
    frames = {framing(12).text(text) for _ in range(1_000)}
    assert len(frames) == 1
    assert made == [text.encode()]
    assert framing(12).text(other) != framing(12).text(text)
    assert framing(9).text(text) == next(iter(frames))
    [sent] = frames
    takes = PerMessageDeflate(True, True, 15, 15)
    assert takes.decode(Frame(Opcode.TEXT, sent[2:], rsv1=True)).data == text.encode()


def test_a_small_message_is_sent_as_it_is() -> None:
    assert framing(12).text("small") == framing(None).text("small") == b"\x81\x05small"
    assert framing(12).binary(b"small") == b"\x82\x05small"
