"""Errors of the application, and how REST tells them."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from trading_api.models import Problem, ProblemDetail
from trading_api.shared.market import UnknownSymbolError


class ConfigError(ValueError):
    """A setting that cannot be used; the message names it and what is allowed."""


class RefusedError(Exception):
    """A request that is understood and not carried out.

    Args:
        code: A stable word for the reason.
        message: For people: what was seen, what is allowed, what to do.
        status: The HTTP status that tells it.
    """

    def __init__(self, code: str, message: str, *, status: int = 422) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: these statuses answer with a `Problem`."""
    return {status: {"model": Problem} for status in statuses}


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every refused request with one shape, a `Problem`."""

    @app.exception_handler(RefusedError)
    async def refused(_: Request, error: RefusedError) -> JSONResponse:
        return _answer(error.status, error.code, error.message)

    @app.exception_handler(UnknownSymbolError)
    async def unknown_symbol(_: Request, error: UnknownSymbolError) -> JSONResponse:
        return _answer(404, "unknown_symbol", str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        details = [
            ProblemDetail(
                path=_path(fault),
                message=fault["msg"],
                kind=fault["type"],
            )
            for fault in error.errors()
        ]
        told = "; ".join(f"{detail.path}: {detail.message}" for detail in details)
        return _answer(422, "validation_error", told, details)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        message = str(error.detail)
        if error.status_code == 404:  # noqa: PLR2004 the status says it best
            message = f"nothing at {request.url.path}: /api/v1/openapi.json lists what there is"
        response = _answer(error.status_code, "http_error", message)
        response.headers.update(error.headers or {})
        return response


def _path(fault: Mapping[str, Any]) -> str:
    """Where the fault is, outermost first; `body` alone when that is no JSON."""
    # FastAPI puts the offset of the fault in the text there, which is the name of no field.
    parts = fault["loc"][:1] if fault["type"] == "json_invalid" else fault["loc"]
    return ".".join(map(str, parts))


def _answer(
    status: int, code: str, message: str, details: Sequence[ProblemDetail] = ()
) -> JSONResponse:
    problem = Problem(code=code, message=message, details=list(details))
    return JSONResponse(problem.model_dump(mode="json"), status_code=status)
