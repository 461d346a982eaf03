"""The wire to KashFlow: REST v2 with its two-step session."""
