"""What runs inside the hub.

It imports nothing of this package except `layout`: the rest is in another virtualenv. All settings reach the hub
through one JSON file (see settings.py here), which `apply` writes.
"""
