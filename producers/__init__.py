"""How news comes in: every change a source shows becomes a delivery in the ledger."""
