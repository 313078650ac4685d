"""The broker before Docker's socket: the hub asks for what a hub needs, and for nothing that would make it root.

It reads a request of the Engine's API, understands each field of it, and writes a new one. Nothing is passed on as it
came: Go's JSON decoder matches keys without case and takes the last of two, so a filter would see another request.
"""
