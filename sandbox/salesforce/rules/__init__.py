"""What Salesforce does to records of its own accord when they are saved."""
