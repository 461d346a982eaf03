"""The status page, its JSON and its metrics over HTTP, behind a password. Shows; changes nothing."""
