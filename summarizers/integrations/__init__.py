"""The pager inside agent frameworks, one file each: results become cards, and prompts keep under a ceiling.

Each file needs its framework and nothing of this package needs any of them.
"""
