"""The register of signing keys. It never holds a private key."""
