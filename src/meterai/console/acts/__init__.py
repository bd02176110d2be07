"""What officers do: each act with its form, its confirmation and its use case."""
