"""What each command does. Nothing is imported before the command runs."""
