"""The register of signing keys. No private key comes near here."""
