"""Everything that is refused names its file, its line and a cure, and writes nothing.

A problem's line counts from the first line after the imports, which is line 6.
"""

from __future__ import annotations

import pytest
from packages.topicwire.tests.codegen.sample import (
    GENERATED,
    IMPORTS,
    TEMPLATE_PATH,
    WS,
    WS_PATH,
    Sample,
)

from topicwire.codegen.suggest import nearest


def declared(argument: str) -> str:
    return f"X: TypeAlias = WsRouter[TradeRequest, {argument}]"


def test_the_whole_of_a_message(app: Sample) -> None:
    """checklist 29: what mypy calls `Name 'Trade' is not defined` has its cure here."""
    app.declare(
        declared("Trade"),
        imports=IMPORTS.replace("Trade, TradeRequest", "TradeRequest"),
    )
    assert str(app.problem()) == (
        "src/acme/modules/trading/ws.py:6: error: 'Trade' is not defined here.\n"
        "    X: TypeAlias = WsRouter[TradeRequest, Trade]\n"
        "                                          ^^^^^\n"
        "    acme.models.market.trades defines a Trade: "
        "add `from acme.models.market import Trade`."
    )


@pytest.mark.parametrize(
    ("lines", "line", "message", "cure"),
    [
        ([declared("Trad")], 6, "'Trad' is not defined here.", "Did you mean 'Trade'?"),
        ([declared("Tradez")], 6, "'Tradez' is not defined here.", "Did you mean 'Trade'?"),
        (
            [declared("Clientt")],
            6,
            "'Clientt' is not defined here.",
            "Did you mean 'Client'? `from acme.models.market import Client`.",
        ),
        (
            [declared("Nothing")],
            6,
            "'Nothing' is not defined here.",
            "Define it in a module of acme.models and import it.",
        ),
        (
            ["X: TypeAlias = WsRouter[", "    TradeRequest,", "    list[Nothing],", "]"],
            8,
            "'Nothing' is not defined here.",
            "Define it in a module",
        ),
        (
            ["from acme.models.market import Nothing", declared("Nothing")],
            7,
            "acme.models.market has no 'Nothing'.",
            "Define it there",
        ),
        (
            ["from acme.models.market import Trede", declared("Trede")],
            7,
            "acme.models.market has no 'Trede'.",
            "Did you mean 'Trade'?",
        ),
        (
            ["from acme.models import Trade as T", declared("T")],
            7,
            (
                "'Trade' is defined in src/acme/models/market/trades.py but not exported by "
                "acme.models."
            ),
            (
                "Add `from .market.trades import Trade` to src/acme/models/__init__.py, "
                "and 'Trade' to its __all__."
            ),
        ),
        (
            ["from acme.mdels import Order", declared("Order")],
            7,
            "there is no module 'acme.mdels'.",
            "Did you mean 'acme.models'?",
        ),
        (
            ["from acmee.models import Order", declared("Order")],
            7,
            "there is no module 'acmee.models'.",
            "Did you mean 'acme.models'?",
        ),
        (
            ["from nowhere_at_all import Order", declared("Order")],
            7,
            "there is no module 'nowhere_at_all'.",
            "Install it into this environment, or look at its spelling.",
        ),
        (
            ["from acme.models import market", declared("market.Trede")],
            7,
            "acme.models.market has no 'Trede'.",
            "Did you mean 'Trade'?",
        ),
        ([declared("Trade.Nothing")], 6, "acme.models.market.trades.Trade has no 'Nothing'.", ""),
        (
            ["class Own: ...", declared("Own")],
            7,
            "'Own' is defined in this file.",
            (
                "The generated router would have to import it from here while this file imports "
                "the router.\nMove it to a module of acme.models and import it."
            ),
        ),
        (["Own = list[Trade]", declared("Own")], 7, "'Own' is defined in this file.", "Move it"),
        (
            ["from acme.models import market", declared("market")],
            7,
            "'market' is a module, not a type.",
            "A request and a payload are types",
        ),
        ([declared("print()")], 6, "'print()' is not a type.", "Allowed: a class"),
        ([declared("3")], 6, "'3' is not a type.", "Allowed: a class"),
        ([declared('"not python ]"')], 6, "'not python ]' is not a type.", "quoted type"),
        (
            [declared("Trade, Trade")],
            6,
            "WsRouter takes 2 types (TRequest, TData), not 3.",
            "X: TypeAlias = WsRouter[TRequest, TData]",
        ),
        (
            ["X: TypeAlias = WsRouter[Trade]"],
            6,
            "WsRouter takes 2 types (TRequest, TData), not 1.",
            "X: TypeAlias",
        ),
        (
            ["type X = WsRouter[TradeRequest, Trade]", "router = X(route='trades')"],
            6,
            "`type X = …` makes an alias that cannot be called or subclassed, and line 7 calls it.",
            "Write `X: TypeAlias = WsRouter[TradeRequest, Trade]`.",
        ),
        (
            ["type X = WsRouter[TradeRequest, Trade]", "class Y(X): ..."],
            6,
            "and line 7 subclasses it.",
            "Write `X: TypeAlias = WsRouter[TradeRequest, Trade]`.",
        ),
        (
            ["type X[T] = WsRouter[TradeRequest, T]"],
            6,
            "'X' has type parameters of its own.",
            "A router is for one request and one payload",
        ),
        (
            [declared("Trade"), declared("Trade")],
            7,
            "'X' is declared twice: first at src/acme/modules/trading/ws.py:6.",
            "Remove one of them",
        ),
        (
            [declared("Trade"), "x: TypeAlias = WsRouter[TradeRequest, Trade]"],
            7,
            "'x' and 'X' (src/acme/modules/trading/ws.py:6) would both be generated as x.py.",
            "Give one of them a name that differs in more than its capitals.",
        ),
        (
            ["Class: TypeAlias = WsRouter[TradeRequest, Trade]"],
            6,
            "'Class' would be generated as class.py, which is not possible: 'class' is reserved.",
            "Choose another name, such as ClassWsRouter.",
        ),
        (
            [
                "from acme.shared.ws import generic_route",
                "WsRouter = generic_route.WsRouter[Trade, Trade]",
            ],
            7,
            "'WsRouter' is the template's own name.",
            "Name the router after what it carries",
        ),
        (
            ["from .ws_generated import TradeWsRouter"],
            6,
            "'TradeWsRouter' is imported from ws_generated, but no declaration makes it.",
            (
                "Declare it under `if TYPE_CHECKING:`: `TradeWsRouter: TypeAlias = "
                "WsRouter[Request, Data]`,\n"
                "with WsRouter imported from acme.shared.ws.generic_route."
            ),
        ),
        (
            [declared("Trade"), "from .ws_generated import Xx"],
            7,
            "'Xx' is imported from ws_generated, but no declaration makes it.",
            "Declare it",
        ),
    ],
)
def test_a_declaration_that_cannot_be_used(
    app: Sample, lines: list[str], line: int, message: str, cure: str
) -> None:
    app.declare(*lines)
    problem = app.problem()
    assert (problem.path, problem.line) == (WS_PATH, line)
    assert message in problem.message
    assert cure in problem.cure


@pytest.mark.parametrize(
    ("name", "message", "cure"),
    [
        *(
            (
                name,
                f"{name!r} cannot be the name of a route: the generated clients use it",
                "plural",
            )
            for name in ("constructor", "then", "prototype", "toString", "valueOf", "connection")
        ),
        ("class", "'class' cannot be the name of a route: Python uses it", "Choose another name"),
        ("__proto__", "begins with a lower-case letter", "Clients use it as an attribute."),
        ("order-book", "begins with a lower-case letter", "Clients use it as an attribute."),
        ("1st", "begins with a lower-case letter", "Clients use it as an attribute."),
    ],
)
def test_a_name_that_no_route_can_have(app: Sample, name: str, message: str, cure: str) -> None:
    """The app would refuse it too, when it starts; here it is told with its line."""
    app.generate()
    app.edit(WS_PATH, 'route="trades"', f'route="{name}"')
    problem = app.problem()
    assert (problem.path, problem.line) == (WS_PATH, 11)
    assert message in problem.message
    assert cure in problem.cure
    assert str(problem).splitlines()[2].strip() == "^" * (len(name) + 2)


def test_route_names_that_are_not_written_out_are_the_app_s_to_check(app: Sample) -> None:
    app.edit(WS_PATH, 'route="trades"', 'route="tr" + "ades"')
    app.write("src/acme/modules/broker/ws.py", WS.replace('route="trades", ', ""))
    app.generate()


def test_a_name_that_only_ends_alike_is_not_what_was_meant() -> None:
    others = ["BarsSubscriptionRequest", "QuoteDataSubscriptionRequest"]
    assert nearest("TradeSubscriptionRequest", others) is None
    assert nearest("QuoteSubscriptionRequest", others) == others[1]
    assert nearest("BarSubscriptionRequest", others) == others[0]
    assert nearest("BarsSubscritpionRequest", others) == others[0]


def test_a_guess_does_not_replace_the_other_cure(app: Sample) -> None:
    app.declare("from acme.models.market import Trede", declared("Trede"))
    assert app.problem().cure == (
        "Did you mean 'Trade'? If not, define 'Trede' there, or import it from where it is defined."
    )


@pytest.mark.parametrize("form", ["{}", '"{}"', "list[{}]", 'list["{}"]', "{} | None", "{}.Inner"])
def test_carets_stand_under_what_is_meant(app: Sample, form: str) -> None:
    app.declare(declared(form.format("Nothing")))
    excerpt, carets = str(app.problem()).splitlines()[1:3]
    underlined = excerpt[carets.index("^") : carets.rindex("^") + 1]
    assert underlined.strip('"') == "Nothing"


def test_a_router_that_is_not_imported(app: Sample) -> None:
    app.declare(
        declared("Trade"),
        imports=IMPORTS.replace("from acme.shared.ws.generic_route import WsRouter\n", "\n"),
    )
    problem = app.problem()
    assert problem.message == "'WsRouter' is not defined here."
    assert problem.cure == "Add `from acme.shared.ws.generic_route import WsRouter`."


def test_a_router_that_is_imported_from_where_it_is_not(app: Sample) -> None:
    app.edit(WS_PATH, "acme.shared.ws.generic_route", "acme.shared.ws")
    problem = app.problem()
    assert "not exported by acme.shared.ws." in problem.message
    assert "from .generic_route import WsRouter" in problem.cure


def test_all_problems_of_all_files_are_told_at_once(app: Sample) -> None:
    app.declare(declared("One"), "Y: TypeAlias = WsRouter[Two, Three]")
    app.write("src/acme/modules/broker/ws.py", WS.replace(", Trade]", ", Four]"))
    app.write("src/acme/modules/chat/ws.py", "x = (\n")
    found = [(one.path.split("/")[3], one.line, one.message.split()[0]) for one in app.problems()]
    assert found == [
        ("broker", 7, "'Four'"),
        ("chat", 1, "this"),
        ("trading", 6, "'One'"),
        ("trading", 7, "'Two'"),
        ("trading", 7, "'Three'"),
    ]


def test_a_model_module_with_a_syntax_error(app: Sample) -> None:
    """checklist 28"""
    app.write("src/acme/models/market/trades.py", "class Trade(:\n")
    problem = app.problem()
    assert (problem.path, problem.line) == ("src/acme/models/market/trades.py", 1)
    assert problem.message.startswith("this is not Python")


def test_circular_re_exports_end(app: Sample) -> None:
    app.write("src/acme/models/a.py", "from .b import Thing\n")
    app.write("src/acme/models/b.py", "from .a import Thing\n")
    app.declare("from acme.models.a import Thing", declared("Thing"))
    assert "has no 'Thing'" in app.problem().message


def test_a_model_that_is_no_longer_there(app: Sample) -> None:
    """checklist 28: after a model was renamed, generating says so instead of an ImportError."""
    app.generate()
    app.edit("src/acme/models/market/trades.py", "class Trade(", "class Deal(")
    problem = app.problem()
    assert (problem.path, problem.line) == (WS_PATH, 7)
    assert problem.message == "acme.models.market.trades has no 'Trade'."


def test_somebody_s_own_file_in_the_generated_folder(app: Sample) -> None:
    app.generate()
    app.write(f"{GENERATED}/mine.py", "x = 1\n")
    problem = app.problem()
    assert problem.path == f"{GENERATED}/mine.py"
    assert problem.message == (
        "this is not a generated file, and ws_generated/ is rewritten by the generator."
    )
    assert problem.cure == "Move it elsewhere, or delete it."


@pytest.mark.parametrize(
    ("change", "line", "message", "cure"),
    [
        (("class WsRouter(", "class Router("), 1, "no class WsRouter", "Define `class WsRouter("),
        (
            ("(OperationRouter, Generic[_TRequest, _TData])", "(OperationRouter)"),
            21,
            "WsRouter has no type parameters.",
            "Make it generic",
        ),
        (
            ("_TRequest", "__TRequest"),
            30,
            "reads `__TRequest` as `_WsRouter__TRequest`, which is not defined: NameError",
            "Rename it to `_TRequest` everywhere in this file.",
        ),
        (("payload: _TData", 'payload: "list[__T]"'), 44, "`_WsRouter__T`", "Rename it to `_T`"),
        (("data: _TData", 'data: "list["'), 21, "a quoted annotation is not Python", "Correct"),
        (("self._publish", "undefined"), 49, "'undefined' is not defined here.", "import"),
        (("class WsRouter(", "class WsRouter(\x00"), 21, "there is a null byte", "Save it again"),
        (("\n\nclass", "\n\nreturn 3\n\n\nclass"), 21, "'return' outside function", "Correct the"),
    ],
)
def test_a_template_that_cannot_be_used(
    app: Sample, change: tuple[str, str], line: int, message: str, cure: str
) -> None:
    app.edit(TEMPLATE_PATH, *change)
    assert any(
        (one.path, one.line) == (TEMPLATE_PATH, line)
        and message in one.message
        and cure in one.cure
        for one in app.problems()
    )


def test_a_template_that_is_not_there(app: Sample) -> None:
    (app.root / TEMPLATE_PATH).unlink()
    problem = app.problem()
    assert (problem.path, problem.message) == (TEMPLATE_PATH, "no such file.")


def test_a_star_import_in_the_template(app: Sample) -> None:
    app.edit(TEMPLATE_PATH, "from enum import Enum", "from enum import *")
    problem = app.problem()
    assert problem.path == TEMPLATE_PATH
    assert problem.cure == "Import it by name: `from enum import Enum`."


def test_a_parameter_that_is_evaluated_needs_a_class(app: Sample) -> None:
    app.edit(TEMPLATE_PATH, "self._publish(topic, data)", "isinstance(data, _TData)")
    app.generate()
    app.declare(declared("list[Trade]"))
    problem = app.problem()
    assert (problem.path, problem.line) == (WS_PATH, 6)
    assert problem.message == (
        f"`list[Trade]` is not a class, and the template evaluates `_TData` at {TEMPLATE_PATH}:49."
    )
    assert "Declare a class (a RootModel for a list)" in problem.cure
