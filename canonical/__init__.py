"""Our nouns: the shapes that both systems are translated to. Imports nothing of ours."""
