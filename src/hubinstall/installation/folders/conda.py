"""environment.yml: the packages below `pip`. What conda would bring is named, not guessed: a package of the same name
elsewhere may be another one.
"""

import re

from hubinstall.config.yaml.nodes import Items, Map, Node, Scalar
from hubinstall.config.yaml.parser import parse
from hubinstall.installation.folders.faults import File, FolderError
from hubinstall.installation.folders.requirements import Requirements
from hubinstall.machine.folder import Line
from hubinstall.settings.values.words import shown

PYTHON = re.compile(r"python\s*(?:(={1,2})\s*(\d+(?:\.\d+)*)(?:\.\*)?|((?:[<>]=?|!=)[^|]*))?")
HINT = "try it below `- pip:` if pip has it, in apt.txt, or an image with conda as the environment's base"


def add(file: File, name: str, found: Requirements) -> tuple[Line, ...]:
    """Add the pip part to what was `found`; returns the versions of Python that it is for. Channels, the name and the
    prefix mean nothing here.
    """
    document = parse(file.text)
    for fault in document.faults:
        found.faults.append(file.refused(fault.place.line, fault.message, fault.hint))
    listed = document.root.child("dependencies")
    if listed is not None and not isinstance(listed, Items):
        if listed.data is not None:
            found.faults.append(file.refused(listed.place.line, "dependencies must be a list", "try `- pip: [plotly]`"))
        return ()
    pythons = []
    for node in listed.nodes if listed else ():
        try:
            pythons += _python(file, node)
            if isinstance(node, Map):
                _pip(file, name, node, found)
        except FolderError as fault:
            found.faults.append(fault)
    return tuple(pythons)


def _python(file: File, node: Node) -> list[Line]:
    """Raises FolderError for what conda alone has."""
    if not isinstance(node, Scalar):
        return []
    line = node.place.line
    if re.fullmatch(r"pip\b[\s=<>.\d]*", node.text):
        return []
    if version := PYTHON.fullmatch(node.text.strip()):
        wanted = f"=={version[2]}.*" if version[1] else version[3] or ""
        return [Line(wanted, file.place(line))] if wanted else []
    raise file.refused(line, f"{shown(node.text)} is a package of conda, which is not here", HINT)


def _pip(file: File, name: str, node: Map, found: Requirements) -> None:
    for key, value in node.pairs:
        if key.text != "pip" or not isinstance(value, Items):
            raise file.refused(key.place.line, f"{shown(key.text)} is not a list of pip's", "try `- pip: [plotly]`")
        for one in value.nodes:
            text = one.text.strip() if isinstance(one, Scalar) else ""
            if not text:
                raise file.refused(one.place.line, "is not a package as pip writes it", "try such as plotly>=6")
            try:
                found.add_line(file, name, one.place.line, text, constrains=False)
            except FolderError as fault:
                found.faults.append(fault)
