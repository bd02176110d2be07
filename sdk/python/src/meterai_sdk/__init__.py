"""Client of the Meterai partner API. Everything begins with `Meterai`."""

from meterai_sdk.client import Meterai
from meterai_sdk.deliveries import open_webhook
from meterai_sdk.problems import (
    Conflict,
    Invalid,
    MeteraiError,
    NotAllowed,
    NotFound,
    Problem,
    ServerFault,
    TookTooLong,
    TooMany,
    Unreachable,
    UnsafeWebhook,
)

__all__ = [
    "Conflict",
    "Invalid",
    "Meterai",
    "MeteraiError",
    "NotAllowed",
    "NotFound",
    "Problem",
    "ServerFault",
    "TooMany",
    "TookTooLong",
    "Unreachable",
    "UnsafeWebhook",
    "open_webhook",
]
