"""hubinstall: one command turns one machine into a JupyterHub."""

# A release has the tag v<this>; before it, this ends in .dev0 (docs/how-to/release.md).
__version__ = "0.1.0.dev0"
