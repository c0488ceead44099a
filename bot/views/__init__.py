"""Drawing: data and a language in, plain dicts or strings out."""
