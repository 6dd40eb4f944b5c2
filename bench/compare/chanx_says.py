"""What chanx makes of each construct: its document, then its client's model of that document.

Run in an environment with chanx: `python chanx_says.py < asked.json`, see `__main__.py`.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any, Literal

# Imported by name: where this is type-checked they are not installed.
declared = import_module("given").declared
AsyncAPIDocument = import_module("chanx.asyncapi.type_defs").AsyncAPIDocument
codegen = import_module("chanx.client_generator.codegen")
MessageRegistry = import_module("chanx.core.registry").MessageRegistry
BaseMessage = import_module("chanx.messages.base").BaseMessage


def source(annotation: str) -> str:
    """The models of chanx's Python client for a message with this payload."""
    body = {"action": Literal["told"], "payload": declared(annotation)}
    message = type("Told", (BaseMessage,), {"__annotations__": body, "__module__": __name__})
    registry = MessageRegistry()
    registry.add(message, "ToldConsumer")
    document = AsyncAPIDocument.model_validate(
        {
            "asyncapi": "3.0.0",
            "info": {"title": "t", "version": "1"},
            "channels": {},
            "operations": {},
            "components": {
                "schemas": registry.schema_objects,
                "messages": registry.message_objects,
            },
        }
    )
    messages = list((document.components.messages or {}).values())
    schemas = codegen.topological_sort_schemas(codegen.extract_schemas_from_messages(messages))
    return str(codegen.generate_pydantic_code(schemas))


def verdict(one: dict[str, Any]) -> dict[str, Any]:
    """Whether the model takes what travels, gives it back, and refuses what is wrong."""
    try:
        text = source(one["annotation"])
        names: dict[str, Any] = {"__name__": "told"}
        exec(text, names)  # noqa: S102 - what the tool has written
        told = names["Told"]
        told.model_rebuild(_types_namespace=names)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the tool makes of it
        return {"fails": f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"}
    said = [line.strip() for line in text.splitlines() if line.strip().startswith("payload:")]
    return {
        "says": said[0].removeprefix("payload: ") if said else "",
        "received": all(kept(told, value) for value in one["received"]),
        "sent": all(kept(told, value) for value in one["sent"]),
        "refuses": one["wrong"] is None or not takes(told, one["wrong"][0]),
    }


def takes(told: Any, value: Any) -> bool:
    """Whether the model accepts a payload, without converting it."""
    text = json.dumps({"action": "told", "payload": value})
    try:
        told.model_validate_json(text, strict=True)
    except ValueError:
        return False
    return True


def kept(told: Any, value: Any) -> bool:
    """Whether a payload comes back out of the model as it came in."""
    text = json.dumps({"action": "told", "payload": value})
    try:
        model = told.model_validate_json(text)
        written = json.loads(model.model_dump_json(by_alias=True, exclude_unset=True))
    except ValueError:
        return False
    return bool(written["payload"] == value)


print(
    json.dumps(
        {
            "version": version("chanx"),
            "constructs": {one["name"]: verdict(one) for one in json.load(sys.stdin)},
        }
    )
)
