"""What the pager stands in front of, one file each: its agent bare, with the README's lines, and with its own means.

Each file has `bare(url)`, `paged(url)` and where the framework has a mechanism of its own `own(url)`. They run the
session against the model server at `url`, in the current folder.
"""
