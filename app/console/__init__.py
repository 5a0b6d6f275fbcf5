"""The console: Chainlit mounted under /console, as a face. Nothing is decided here and no number is made here.

Importing this package does not import Chainlit, which takes five seconds: `app.console.mount` does, when it is called.
"""
