"""callfirst: what the product does (verbs) and is (nouns)."""
