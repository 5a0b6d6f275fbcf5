"""The HTTP API: every route needs an identity, every refusal is a problem document, every answer a trace id."""
