"""A small KashFlow: its REST v2 over state in memory; not a bookkeeping engine, and without SOAP or XML."""
