"""Settings, bootstrap, operations, the command line and the web page."""
