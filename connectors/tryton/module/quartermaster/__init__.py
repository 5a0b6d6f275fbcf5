# SPDX-License-Identifier: GPL-3.0-or-later
"""A Tryton module of three fields: the unique key of whoever asked for a document, and the expiry of a lot."""
