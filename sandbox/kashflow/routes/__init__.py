"""The REST v2 paths of the small KashFlow, by resource: which call does what; the rules are in the ledgers."""
