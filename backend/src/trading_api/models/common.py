"""What several models share."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

DecimalString = Annotated[
    str,
    Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", max_length=40, examples=["189.50"]),
]
"""A decimal number as text, so that no binary float ever stands between two computers."""

SymbolName = Annotated[str, Field(min_length=1, max_length=20, examples=["AAPL"])]

AccountId = Annotated[str, Field(min_length=1, max_length=40, examples=["demo"])]


class ProblemDetail(BaseModel):
    """One thing that is wrong with a request."""

    path: str = Field(description="Where it is, e.g. `body.qty` or `query.resolution`")
    message: str
    kind: str = Field(description="A stable word for what is wrong, e.g. `missing`")


class Problem(BaseModel):
    """Why a request was not carried out, and what to do about it."""

    code: str = Field(description="A stable word to branch on, e.g. `unknown_symbol`")
    message: str = Field(description="For people: what was seen, what is allowed")
    details: list[ProblemDetail] = Field(default_factory=list)


class DegradedModule(BaseModel):
    """A module that does not do all that it should."""

    name: str
    reason: str = Field(
        description="What it goes without, and why",
        examples=["serves no WebSocket routes: get_ws_routers() raised KeyError: 'host'"],
    )


class Health(BaseModel):
    """The server answers, and these modules are on."""

    status: Literal["ok", "degraded"] = Field(
        description="`degraded`: it answers, but not all of its modules do all that they should"
    )
    modules: list[str]
    degraded: list[DegradedModule] = Field(
        default_factory=list, description="Faults of modules that were found in `modules/`"
    )


class Version(BaseModel):
    """Which release of the API answers."""

    name: str
    version: str
    api: str = Field(description="The prefix of the API's addresses", examples=["v1"])
