"""The door for machines: JSON, RFC 9457 problem details, OpenAPI at /api/openapi.json."""
