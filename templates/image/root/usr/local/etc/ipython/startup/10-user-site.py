"""What `%pip install` brings can be imported at once.

Python looks into ~/.local only if it was there when the kernel started, and at the *.pth files of that time.
"""


def _find_what_pip_installs() -> None:
    import importlib.machinery  # noqa: PLC0415 - no name of ours stays where people's names are
    import os  # noqa: PLC0415
    import site  # noqa: PLC0415
    import sys  # noqa: PLC0415

    if not site.ENABLE_USER_SITE:  # a virtual environment
        return
    folder = site.getusersitepackages()
    try:
        os.makedirs(folder, exist_ok=True)
        known = set(os.listdir(folder))
    except OSError:
        return
    if folder not in sys.path:
        system = [place for place, path in enumerate(sys.path) if path.endswith(("dist-packages", "site-packages"))]
        sys.path.insert(min(system, default=len(sys.path)), folder)

    class NewPth:
        """Asked when nobody else has found a module."""

        @staticmethod
        def find_spec(name: str, path: object = None, _target: object = None) -> object:
            try:
                new = [] if path else sorted({n for n in os.listdir(folder) if n.endswith(".pth")} - known)
            except OSError:
                return None
            for file in new:
                known.add(file)
                site.addpackage(folder, file, None)
            return importlib.machinery.PathFinder.find_spec(name) if new else None

    sys.meta_path.append(NewPth)


_find_what_pip_installs()
del _find_what_pip_installs
