"""`callfirst demo`: a second composition root.

The same handlers, use cases and schedule as the real thing, on a temporary SQLite file and a
simulated clock. Only the far ends of the wire are stand-ins: a Slack and a SendGrid that speak
their real protocols on this machine. Nothing imports this package but `bot/commands/demo.py`.
"""
