"""How clients get in: OAuth 2.0 and, for old API versions, SOAP."""
