"""What happened, who did it and on what grounds: appended freely, sealed into a tree, proved offline.

`append` is what the rest of the program calls; nothing here decides anything. The verifier (`verify`, with `entry`,
`merkle` and `note`) must run alone, so this file imports nothing.
"""
