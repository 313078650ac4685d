"""Which of two versions of hubinstall is older. Standard library only: bootstrap.py calls it."""

import re


def is_older(version: str, than: str) -> bool:
    """Compare versions such as 1.2.3 and 1.2.3.dev45, which comes before 1.2.3. A checkout between releases says dev0:
    it is neither older nor newer than others on the way to the same release. So are versions of another form.
    """
    parts = [re.match(r"(\d+)\.(\d+)\.(\d+)(?:\.dev(\d+))?$", text) for text in (version, than)]
    if not parts[0] or not parts[1]:
        return False
    numbers = [tuple(int(number) for number in part.groups()[:3]) for part in parts if part]
    steps = [float(part.group(4) or "inf") for part in parts if part]
    if numbers[0] != numbers[1]:
        return numbers[0] < numbers[1]
    return steps[0] < steps[1] and (steps[0] > 0 or steps[1] == float("inf"))
