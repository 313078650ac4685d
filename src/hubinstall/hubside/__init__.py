"""What runs inside the hub.

Imports of this package nothing but `layout`: the rest of it lives in another virtualenv. Everything that the
settings say reaches the hub through one JSON file (settings.py here), which `apply` writes.
"""
