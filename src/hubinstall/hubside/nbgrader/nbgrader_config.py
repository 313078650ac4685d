"""What nbgrader knows of the course, in the servers of its people: teachers and students alike.

Read by each program of nbgrader, in a container (nbgrader's documentation, "Configuration options").
"""

import contextlib
import os
from pathlib import Path

course = os.environ["HUBINSTALL_COURSE"]
home = Path.home()
assignments = home / f"{course}-assignments"
with contextlib.suppress(OSError):  # a home that is full must not keep anybody from reading
    assignments.mkdir(exist_ok=True)

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - traitlets gives it to such files
c.CourseDirectory.course_id = course
# The link in the home, not what it leads to: formgrader refuses a directory that is outside of the server's root.
c.CourseDirectory.root = str(home / f"{course}-grading")
# Teachers share files and gradebook, and the exchange is what hubinstall has made, not a directory of mode 0777.
c.CourseDirectory.groupshared = True
c.Exchange.root = os.environ["HUBINSTALL_EXCHANGE"]
c.Exchange.assignment_dir = str(assignments)
