"""What FastWS says of each construct in its document. It writes no clients.

Run in an environment with fastws and jsonschema: `python fastws_says.py < asked.json`.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any

from jsonschema import Draft202012Validator

# Imported by name: where this is type-checked they are not installed.
declared = import_module("given").declared
OperationRouter = import_module("fastws").OperationRouter
get_asyncapi = import_module("fastws.docs").get_asyncapi


def document(annotation: str) -> dict[str, Any]:
    """Its document with an operation that takes such a payload and gives it back."""
    router = OperationRouter()
    kind = declared(annotation)

    async def told(payload: Any) -> Any:
        return payload

    told.__annotations__ = {"payload": kind, "return": kind}
    router.send("told", reply="told.reply")(told)
    return dict(get_asyncapi(router.routes))


def verdict(one: dict[str, Any]) -> dict[str, Any]:
    """Whether its document allows what travels, and refuses what is wrong."""
    try:
        made = json.loads(json.dumps(document(one["annotation"])))
        messages = made["components"]["messages"]
        sent, reply = (messages[name]["payload"] for name in ("told", "told.reply"))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the tool makes of it
        return {"fails": f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"}

    def allows(schema: Any, value: Any) -> bool:
        whole = {"components": made["components"], "allOf": [schema]}
        named = "told" if schema is sent else "told.reply"
        return Draft202012Validator(whole).is_valid({"type": named, "payload": value})

    return {
        "says": json.dumps(_payload(made, reply))[:160],
        "received": all(allows(reply, value) for value in one["received"]),
        "sent": all(allows(sent, value) for value in one["sent"]),
        "refuses": one["wrong"] is None or not allows(sent, one["wrong"][0]),
    }


def _payload(made: Any, message: Any) -> Any:
    described = made["components"]["schemas"][message["$ref"].rpartition("/")[2]]
    payload = described["properties"]["payload"]
    if "$ref" in payload:
        return made["components"]["schemas"][payload["$ref"].rpartition("/")[2]]
    return payload


print(
    json.dumps(
        {
            "version": version("fastws"),
            "constructs": {one["name"]: verdict(one) for one in json.load(sys.stdin)},
        }
    )
)
