"""Small JSON files that this program keeps for itself. A hand that damages one gets words, not a traceback."""

from typing import TypeVar

from hubinstall.errors import UserError
from hubinstall.machine.host import Host

Form = TypeVar("Form")


def record(host: Host, path: str, form: type[Form], hint: str) -> Form | None:
    """What the file holds, as the type `form` says; None where it is empty, or there is none.

    Raises UserError when something else is in it; `hint` says what is lost when the file is moved away.
    """
    content = host.read(path)
    if not content:
        return None
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - bootstrap comes by before pydantic is there

    try:
        return TypeAdapter(form).validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path} cannot be read: {place + ': ' if place else ''}{first['msg']}", hint) from None
