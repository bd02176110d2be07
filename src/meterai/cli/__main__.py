"""`python -m meterai.cli`."""

from meterai.cli.main import main

main()
