"""The initial load: what it reads, what it would do, what it costs, and how it is carried out."""
