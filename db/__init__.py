"""The database: embedded or given PostgreSQL, its roles and migrations, tenants apart, one repository module a noun.

Nothing here decides anything about stock, cases or actions; it stores and fetches. Who may see or change a row is said
by PostgreSQL's roles and row-level security, not by the callers.
"""
