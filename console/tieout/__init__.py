"""The comparison of both sides at the end of a month: what each shows, where they differ and why, and its repair."""
