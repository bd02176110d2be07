"""Private keys, in files or PKCS#11 tokens. Only the signer process and the key commands open them."""
