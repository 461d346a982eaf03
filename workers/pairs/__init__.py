"""Records that are kept in step both ways: both sides are read, merged with what was agreed on, and one is written."""
