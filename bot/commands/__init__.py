"""The command line, one module per topic; each registers its commands on the app."""
