"""The demonstration: a sandbox, a whole installation on loopback, one story, and a comparison of what both worlds hold."""
