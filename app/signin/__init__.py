"""Who is asking: people by password, one-time link and session; programs by API key. Shared by the API and the console.

It identifies and nothing else: what somebody may do follows from scopes, roles and the gate.
"""
