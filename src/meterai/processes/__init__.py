"""The processes of the service, one file each: what a service manager starts."""
