"""The wires to the two foreign APIs. Nothing here knows our nouns, our ledger or our queues."""
