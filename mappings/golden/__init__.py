"""The golden record: what two systems agree on, field by field, and how a difference between them is settled. Pure."""
