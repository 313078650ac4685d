"""hubinstall: one command turns one machine into a JupyterHub."""

__version__ = "0.1.0"
