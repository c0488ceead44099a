"""Decisions: pure functions over frozen facts. No session, network, clock or unseeded chance."""
