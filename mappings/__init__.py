"""What a field is called over there, and which way it flows: YAML data, and the small engine that reads it."""
