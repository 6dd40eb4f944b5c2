"""Fields as they are typed on a command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from topicwire.scaffold.errors import ScaffoldError
from topicwire.scaffold.fields import read_fields
from topicwire.scaffold.names import check_field_name

OWN = {"Side": "acme.models.common"}
TYPES = st.sampled_from(
    ["str", "int | None", "list[str]", "dict[str, list[int]]", "Literal['a b', 'c:d']", "Side"]
)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not name.startswith("model_")
)


def lines(text: str) -> list[str]:
    return [one.line for one in read_fields("--payload", text, OWN.get)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("symbol:str", ["symbol: str"]),
        ("symbol:str price:float", ["symbol: str", "price: float"]),
        ("symbol: str, price: float = 0.5", ["symbol: str", "price: float = 0.5"]),
        ("a:dict[str, list[int]] b:int", ["a: dict[str, list[int]]", "b: int"]),
        ("side:Literal['buy, now','x:y']='x:y'", ["side: Literal['buy, now', 'x:y'] = 'x:y'"]),
        ("at:datetime|None=None", ["at: datetime | None = None"]),
        ("qty:Annotated[int, Field(gt=0)]", ["qty: Annotated[int, Field(gt=0)]"]),
        ("side:Side", ["side: Side"]),
        ("symbols:list[str]=[]", ["symbols: list[str] = []"]),
    ],
)
def test_what_is_read(text: str, expected: list[str]) -> None:
    assert lines(text) == expected


def test_imports_come_with_their_modules() -> None:
    (field,) = read_fields("--payload", "at:dict[UUID, Side | datetime]", OWN.get)
    assert field.imports == {
        "Side": "acme.models.common",
        "UUID": "uuid",
        "datetime": "datetime",
    }


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("symbol", "no list of fields"),
        ("symbol price:float", "'symbol' has no type"),
        ("symbol:", "the field 'symbol' has no type"),
        ("class:str", "it is a word of Python's"),
        ("Symbol:str", "begin with a lower-case letter"),
        ("_x:str", "begin with a lower-case letter"),
        ("copy:str", "a 'copy' of their own"),
        ("model_x:str", "begin with `model_`"),
        ("a:str a:int", "it is there already"),
        ("a:string", "Did you mean 'str'?"),
        ("a:Sied", "there is no type 'Sied'"),
        ("a:Any", "clients would be told nothing"),
        ("a:datetime.datetime", "without its module"),
        ("a:list[", "is not a type"),
        ("a:list[str]]", "is not a type"),
        ("a:dict[str]", "not a type that Pydantic can read"),
        ("a:'text'", "is a value"),
        ("a:print('x')", "calls something"),
        ("a:(lambda: 1)", "no type that can be written here"),
        ("a:str=buy", "not a literal of Python"),
        ("a:int='x'", "the default 'x' is no int"),
        ("date:date", "called as a type is"),
    ],
)
def test_refused_with_the_cure(text: str, seen: str) -> None:
    with pytest.raises(ScaffoldError) as refused:
        lines(text)
    assert str(refused.value).startswith("--payload: ")
    assert seen in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ScaffoldError) as refused:
        lines("class:str b:nope c:int")
    assert len(str(refused.value).splitlines()) == 2


@given(st.lists(st.tuples(NAMES, TYPES), unique_by=lambda pair: pair[0], max_size=5))
def test_any_list_is_read_as_it_was_written(pairs: list[tuple[str, str]]) -> None:
    text = " ".join(f"{name}:{kind}" for name, kind in pairs)
    allowed = all(not check_field_name(name) and not hasattr(BaseModel, name) for name, _ in pairs)
    if allowed:
        read = read_fields("--request", text, OWN.get)
        assert [(one.name, one.type_text) for one in read] == pairs
    else:
        with pytest.raises(ScaffoldError, match="--request: the field"):
            read_fields("--request", text, OWN.get)
