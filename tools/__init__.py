"""Typed capabilities, one module each, and the one audited executor through which all calls go."""
