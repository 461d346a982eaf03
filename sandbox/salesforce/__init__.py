"""A small Salesforce: its rows, its rules and its wires."""
