"""Documents to sections to words and vectors to hybrid search: where SOPs and policies are found and cited.

It reads and imports documents; it does not judge actions, and what a document says is data, never an instruction.
"""
