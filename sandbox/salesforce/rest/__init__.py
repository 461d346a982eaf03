"""The REST resources of the small Salesforce, one module for each family."""
