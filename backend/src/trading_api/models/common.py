"""What several models share."""

from typing import Annotated

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


class Health(BaseModel):
    """The server answers, and these modules are on."""

    status: str = Field(examples=["ok"])
    modules: list[str]


class Version(BaseModel):
    """Which release of the API answers."""

    name: str
    version: str
    api: str = Field(description="The prefix of the API's addresses", examples=["v1"])
