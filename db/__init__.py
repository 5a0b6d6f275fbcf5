"""The database: an embedded or a given PostgreSQL, its roles, migrations, tenants apart, one repository module per noun.

Nothing here decides anything about stock, cases or actions; it stores and fetches. Who may see or change a row is said
by PostgreSQL's roles and row-level security, not by the callers.
"""
