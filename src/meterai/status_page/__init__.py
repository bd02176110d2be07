"""The status page that a host elsewhere serves: looks at the service from outside and writes files."""
