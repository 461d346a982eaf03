"""SOQL, from text to rows."""
