"""The types of the Python SDK are those of the API's description."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import pytest
from litestar import Litestar
from litestar.di import Provide

from meterai.api.openapi.document import make_document
from meterai.api.routes import ROUTES
from meterai_sdk import shapes

SCHEMAS = make_document(
    Litestar(route_handlers=[*ROUTES], dependencies={"service": Provide(lambda: None, sync_to_thread=False)}),
    "",
)["components"]["schemas"]
OTHER_NAMES = {
    "Agreement": "ShownAgreement",
    "ApiRequest": "ShownRequest",
    "Block": "ShownBlock",
    "BundleFile": "File",
    "Delivery": "ShownDelivery",
    "DeliveryAttempt": "ShownAttempt",
    "Event": "ShownEvent",
    "Organisation": "ShownOrganisation",
    "Quota": "ShownQuota",
    "Report": "ReportView",
    "Webhook": "ShownWebhook",
    "WebhookKey": "NewKey",
    "WebhookSecret": "ShownSecret",
}
SHAPES = {name: shape for name, shape in vars(shapes).items() if is_typeddict(shape)}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_has_members_of_its_schema(name: str) -> None:
    properties = SCHEMAS[OTHER_NAMES.get(name, name)]["properties"]
    hints = get_type_hints(SHAPES[name], include_extras=True)
    assert hints.keys() <= properties.keys(), "an answer may have more members than its shape"
    for member, hint in hints.items():
        assert described(hint) == resolved(properties[member]), member


def described(hint: Any) -> set[str]:
    """The JSON types that a hint allows; the words of a Literal."""
    if get_origin(hint) in (NotRequired, Required):
        return described(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return set().union(*(described(one) for one in get_args(hint)))
    if get_origin(hint) is Literal:
        return {str(word) for word in get_args(hint)}
    if get_origin(hint) is list:
        return {"array"}
    plain = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
    return {plain.get(hint, "object")}


def resolved(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a schema allows; the words of an enumeration."""
    if "$ref" in schema:
        return resolved(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema or "oneOf" in schema:
        return set().union(*(resolved(one) for one in schema.get("anyOf") or schema["oneOf"]))
    if "enum" in schema or "const" in schema:
        return {str(word) for word in schema.get("enum", [schema.get("const")])}
    return {schema["type"]} if isinstance(schema["type"], str) else set(schema["type"])
