"""The dependencies that Litestar gives to the routes of the API."""

from __future__ import annotations

from typing import Annotated

from litestar.params import Dependency

from meterai.bootstrap import App

Service = Annotated[App, Dependency(skip_validation=True)]
"""The running service. It is made once, so it is not validated with each request."""
