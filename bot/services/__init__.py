"""Talking to the outside: one small module per system; only these import an SDK client."""
