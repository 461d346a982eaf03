"""Salesforce's change stream: the small interface in `source.py`, and our CometD client behind it (`cometd.py`)."""
