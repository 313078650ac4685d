"""The shadow tools, on the passwd and group files of a fake host."""

import itertools

TOOLS = ("groupadd", "groupdel", "gpasswd", "useradd", "usermod", "userdel", "chpasswd")


class Shadow:
    """What the shadow tools do to passwd and group."""

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

    def useradd(self, argv, _):
        uid = "991" if "--system" in argv else "1001"
        if "--user-group" in argv:
            self.groupadd(["--gid", uid, argv[-1]], None)
        gid = next(row[2] for row in self.rows("/etc/group") if row[0] == argv[-1])
        home = argv[argv.index("--home-dir") + 1] if "--home-dir" in argv else f"/home/{argv[-1]}"
        shell = argv[argv.index("--shell") + 1]
        self.save("/etc/passwd", [*self.rows("/etc/passwd"), [argv[-1], "x", uid, gid, "", home, shell]])

    def usermod(self, argv, _):
        name, given = argv[-1], dict(itertools.pairwise(argv))
        groups = self.joins(name, *given.get("--groups", "").split(","))
        users = self.rows("/etc/passwd")
        for row in users:
            if row[0] == name:
                row[5], row[6] = given.get("--home", row[5]), given.get("--shell", row[6])
                row[2] = given.get("--uid", row[2])
                row[3] = next((g[2] for g in groups if g[0] == given.get("--gid")), row[3])
        self.save("/etc/passwd", users)

    def gpasswd(self, argv, _):
        verb, name, group = argv
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
        return "" if any(row[0] == argv[-1] for row in rows) else (6, "no such user")

    def chpasswd(self, _, text):
        self.passwords |= dict([text.strip().split(":")])
