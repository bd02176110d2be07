"""Events of partners, and the webhooks that tell their programs about them (Standard Webhooks 1.0.0)."""
