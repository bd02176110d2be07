"""The description of the API (OpenAPI 3.1), made from its handlers: signatures, operations, docstrings."""
