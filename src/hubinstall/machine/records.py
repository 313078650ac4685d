"""Small JSON files that this program keeps for itself. If one was damaged, people get a message, not a traceback."""

from typing import TypeVar

from hubinstall.errors import UserError
from hubinstall.machine.host import Host

Form = TypeVar("Form")


def record(host: Host, path: str, form: type[Form], hint: str) -> Form | None:
    """The content of the file as a `form`; None if it is empty or absent.

    Raises UserError if the content is something else; `hint` says what is lost if the file is moved away.
    """
    content = host.read(path)
    if not content:
        return None
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - bootstrap runs before pydantic is installed

    try:
        return TypeAdapter(form).validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path} cannot be read: {place + ': ' if place else ''}{first['msg']}", hint) from None
