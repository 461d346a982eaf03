"""What an operator asks of an installation, each question once: the command line and the web page only show answers."""
