"""The API: JSON, problem details (RFC 9457), its description at /api/openapi.json."""
