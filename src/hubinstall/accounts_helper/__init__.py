"""The accounts helper: root's program that checks a password and says whether an account is as it was, for the hub.

The hub's account can read no password's hash. It asks here, and gets an answer about people's accounts only: never a
hash, and not at the speed at which passwords are guessed.
"""
