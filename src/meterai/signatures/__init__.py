"""CMS, X.509, RFC 3161 and revocation: checks that need no key and no PDF library."""
