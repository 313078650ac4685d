"""The shadow tools, on the passwd, shadow and group files of a fake host."""

import itertools

TOOLS = ("groupadd", "groupdel", "groupmod", "gpasswd", "useradd", "usermod", "userdel", "chpasswd")
SHADOW = "/etc/shadow"


class Shadow:
    """What the shadow tools do to passwd, shadow and group."""

    def __init__(self, host):
        self.host, self.passwords, self.busy = host, {}, 0

    def rows(self, path):
        return [line.split(":") for line in self.host.text(path).splitlines()]

    def save(self, path, rows):
        self.host.put(path, "".join(":".join(row) + "\n" for row in rows))

    def __call__(self, argv, text):
        if self.busy:
            self.busy -= 1
            return 1, "useradd: cannot lock /etc/passwd; try again later."
        return getattr(self, argv[0])(argv[1:], text) or ""

    def groupadd(self, argv, _):
        gid = argv[argv.index("--gid") + 1] if "--gid" in argv else "990"
        self.save("/etc/group", [*self.rows("/etc/group"), [argv[-1], "x", gid, ""]])

    def groupdel(self, argv, _):
        self.save("/etc/group", [row for row in self.rows("/etc/group") if row[0] != argv[-1]])

    def groupmod(self, argv, _):
        rows = self.rows("/etc/group")
        for row in rows:
            row[0] = argv[argv.index("--new-name") + 1] if row[0] == argv[-1] else row[0]
        self.save("/etc/group", rows)

    def useradd(self, argv, _):
        people = [int(row[2]) for row in self.rows("/etc/passwd") if 1000 <= int(row[2]) < 60000]
        uid = "991" if "--system" in argv else str(max([1000, *people]) + 1)
        if "--user-group" in argv:
            self.groupadd(["--gid", uid, argv[-1]], None)
        gid = next(row[2] for row in self.rows("/etc/group") if row[0] == argv[-1])
        home = argv[argv.index("--home-dir") + 1] if "--home-dir" in argv else f"/home/{argv[-1]}"
        given = dict(itertools.pairwise(argv))
        row = [argv[-1], "x", uid, gid, given.get("--comment", ""), home, given["--shell"]]
        self.save("/etc/passwd", [*self.rows("/etc/passwd"), row])
        self.save(SHADOW, [*self.rows(SHADOW), [argv[-1], "!", "19000", "0", "99999", "7", "", "", ""]])
        self.joins(argv[-1], *given.get("--groups", "").split(","))
        if "--create-home" in argv:
            self.host.path(home).mkdir(parents=True, exist_ok=True)
            self.host.owners[home] = (argv[-1], argv[-1])

    def usermod(self, argv, _):
        name, given = argv[-1], dict(itertools.pairwise(argv))
        if given.get("--groups") == "":
            self.leaves(name)
        groups = self.joins(name, *given.get("--groups", "").split(","))
        users = self.rows("/etc/passwd")
        for row in users:
            if row[0] == name:
                row[5], row[6] = given.get("--home", row[5]), given.get("--shell", row[6])
                row[2] = given.get("--uid", row[2])
                row[3] = next((g[2] for g in groups if g[0] == given.get("--gid")), row[3])
                row[0], row[4] = given.get("--login", name), given.get("--comment", row[4])
        self.save("/etc/passwd", users)
        lines = self.rows(SHADOW)
        for line in lines:
            if line[0] == name:
                line[1] = given.get("--password", f"!{line[1].lstrip('!')}" if "--lock" in argv else line[1])
                line[0], line[7] = given.get("--login", name), given.get("--expiredate", line[7])
        self.save(SHADOW, lines)

    def gpasswd(self, argv, _):
        verb, name, group = argv
        if verb == "--members":
            rows = [[*row[:3], name] if row[0] == group else row for row in self.rows("/etc/group")]
            self.save("/etc/group", rows)
            return
        {"--add": self.joins, "--delete": self.leaves}[verb](name, group)

    def joins(self, name, *groups):
        rows = self.rows("/etc/group")
        for row in rows:
            if row[0] in groups and name not in row[3].split(","):
                row[3] = ",".join(filter(None, [row[3], name]))
        self.save("/etc/group", rows)
        return rows

    def leaves(self, name, *groups):
        rows = self.rows("/etc/group")
        for row in rows:
            if row[0] in groups or not groups:
                row[3] = ",".join(member for member in row[3].split(",") if member != name)
        self.save("/etc/group", rows)

    def userdel(self, argv, _):
        rows = self.rows("/etc/passwd")
        self.leaves(argv[-1])
        self.save("/etc/passwd", [row for row in rows if row[0] != argv[-1]])
        self.save(SHADOW, [row for row in self.rows(SHADOW) if row[0] != argv[-1]])
        return "" if any(row[0] == argv[-1] for row in rows) else (6, "no such user")

    def chpasswd(self, _, text):
        given = dict(line.split(":", 1) for line in text.splitlines())
        self.passwords |= given
        self.save(SHADOW, [[row[0], f"$y${given.get(row[0])}", *row[2:]] if row[0] in given else row
                           for row in self.rows(SHADOW)])  # fmt: skip
