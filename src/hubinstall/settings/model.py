"""The settings of an installation: their names, types, defaults and meanings.

This is the only source of what config.yaml may say: config/reference.py generates the JSON schema, the reference page
and the example file from these classes. They accept only what is implemented. A key that means the same as a key of The
Littlest JupyterHub has the same name.

A key without a value (`limits:`) always means the same as an absent key.
"""

from pydantic import Field

from hubinstall import layout
from hubinstall.settings.auth import Auth
from hubinstall.settings.courses import Courses, choice_conflicts, course_conflicts, shares_of, teachers_group
from hubinstall.settings.environments import Environments, environments_conflicts
from hubinstall.settings.home import Home
from hubinstall.settings.http import Http, conflicts
from hubinstall.settings.https import Https, Mode, subdomain_conflicts
from hubinstall.settings.hub import Hub
from hubinstall.settings.limits import Limits
from hubinstall.settings.network import Network
from hubinstall.settings.profiles import Profiles, profile_conflicts
from hubinstall.settings.rooms import Rooms, room_conflicts
from hubinstall.settings.section import Conflict, Section
from hubinstall.settings.services import Services
from hubinstall.settings.shares import Share, Shares
from hubinstall.settings.types import (
    Allowances,
    ArchivePlace,
    BaseUrl,
    Domain,
    GpuList,
    Image,
    ImagePrefixes,
    Sha256,
)
from hubinstall.settings.users import Teachers, Users, teacher_conflicts, without_effect
from hubinstall.settings.values.choices import ProcessManager


class Archive(Section):
    url: ArchivePlace | None = Field(
        None,
        description="An archive with hubinstall's own image, built on another machine of the same release: it is loaded"
        " instead of built. A URL of any web server, or the path of a file on this machine.",
        examples=["https://www.example.org/image.tar.zst"],
    )
    sha256: Sha256 | None = Field(
        None, description="The archive's SHA-256. What differs from it is not used.", examples=["0123456789abcdef" * 4]
    )

    def conflicts(self) -> list[Conflict]:
        if (self.url is None) == (self.sha256 is None):
            return []
        there, missing = ("url", "sha256") if self.url else ("sha256", "url")
        hint = "try setting environment.archive.url and environment.archive.sha256 together"
        return [Conflict((there,), ("url", "sha256"), f"also needs {missing}", hint)]


class Environment(Section):
    image: Image | None = Field(
        None,
        description="The image of the user servers: any image that works like those of Jupyter's docker-stacks. It is"
        " pulled once and pinned to its digest. Default: hubinstall's own image, which is built on this machine.",
        examples=["quay.io/jupyter/scipy-notebook:latest"],
    )
    archive: Archive = Field(
        default_factory=Archive, description="hubinstall's own image from elsewhere, instead of building it here."
    )

    def conflicts(self) -> list[Conflict]:
        if not self.image or not self.archive.url:
            return []
        what = "contradicts environment.archive, which holds hubinstall's own image"
        return [Conflict(("image",), ("image", "archive"), what, "try leaving it out")]


class SpawnerAllow(Section):
    other_classes: bool = Field(
        False,
        description="Whether a drop-in may choose a spawner class that is not a subclass of"
        " hubinstall's own. Such a class starts servers without the limits, mounts and restrictions that protect people"
        " and this machine from each other, and the hub is in the group docker, as good as root.",
        examples=[True],
    )
    docker: Allowances = Field(
        (),
        description="What drop-ins may ask Docker for beyond what every server has, one line each: bind PATH (a"
        " directory to read), bind PATH rw, volume NAME, image NAME, capability NAME, device PATH, runtime NAME, group"
        " NUMBER, gpus, exec (a command after the start), no-limits (none, or larger ones than `limits` has),"
        " other-seccomp, writable-root. `*` stands for any"
        " characters but a slash. A start that is refused names its line.",
        examples=[["bind /srv/datasets", "volume scratch-*", "image site/r:1"]],
    )
    images: ImagePrefixes = Field(
        (),
        description="What the names of images begin with that people may write at a start, where a profile has an"
        " `unlisted_choice` for that: a registry, and what is below it, with a slash at the end. Who can push there"
        " chooses what runs in people's servers.",
        examples=[["registry.example.org/course/"]],
    )


class Spawner(Section):
    gpus: GpuList | None = Field(
        None,
        description="The GPUs that `profiles` may give, each to one server at a time: UUIDs of NVIDIA's, or paths of"
        " devices such as /dev/dri/renderD128. Default: all that NVIDIA's driver lists at each apply.",
        examples=[["/dev/dri/renderD128"]],
    )
    allow: SpawnerAllow = Field(default_factory=SpawnerAllow, description="What drop-ins may do that is not safe.")


class Settings(Section):
    """Everything that config.yaml says, with the defaults filled in."""

    domain: Domain | None = Field(
        None,
        description="The DNS name of the hub. Default: none; people use the machine's addresses.",
        examples=["hub.example.org"],
    )
    base_url: BaseUrl = Field("/", description="The URL path of the hub.", examples=["/jupyter/"])
    https: Https = Field(default_factory=Https, description="TLS.")
    http: Http = Field(default_factory=Http, description="nginx, the web server in front of the hub.")
    hub: Hub = Field(default_factory=Hub, description="What the hub's own pages show.")
    auth: Auth = Field(default_factory=Auth, description="How people log in.")
    users: Users = Field(default_factory=Users, description="Who may do what.")
    teachers: Teachers = Field(
        {},
        description="Who teaches whom: a group of this machine, and the accounts that see, start, stop and open the"
        " servers of its members, with all rights over the files there. They may log in, and are not administrators."
        " The servers of administrators and of other teachers are never opened by this.",
        examples=[{"course-101": ["alice"]}],
    )
    home: Home = Field(default_factory=Home, description="How much people may keep in their homes.")
    shares: Shares = Field(
        {},
        description=f"Shared directories: each name is a directory {layout.SHARED_DATA}/NAME on the machine, with a"
        " link to it in the homes of all who may read it. A name without a value is read-only.",
        examples=[{"course-101": {"access": "read-only"}, "project": {"access": {"group": "teachers"}}}],
    )
    courses: Courses = Field(
        {},
        description="Courses. Each name is a group of this machine, whose members are in the course and may log in, and"
        f" the share {layout.SHARED_DATA}/NAME, which its teachers write and its members read. Into"
        f" {layout.SHARED_DATA}/NAME-hand-in members put what only its teachers read; NAME-collected is for `hubinstall"
        " course collect NAME`. /course/NAME opens the material.",
        examples=[{"course-101": {"title": "Statistics 101", "teachers": ["alice"]}}],
    )
    rooms: Rooms = Field(
        {},
        description="Rooms: each is a server of its own that the members of a group use together, with its own home and"
        " the group's shares. Two people in one notebook see each other type. It is at /hub/room/NAME, and on the hub's"
        " home page of its members.",
        examples=[{"project": {"group": "project", "title": "Project room"}}],
    )
    environment: Environment = Field(default_factory=Environment, description="The software in user servers.")
    environments: Environments = Field(
        {},
        description="More environments beside that one, which is called default: each has a name and an image.",
        examples=[{"stats": {"title": "Statistics", "groups": ["stats-101"]}}],
    )
    limits: Limits = Field(default_factory=Limits, description="How much of the machine people's servers may use.")
    profiles: Profiles = Field(
        (),
        description="What people may choose when they start a server, in the shape of kubespawner's profile_list. With"
        " one choice only there is no form. Who sees none of them has `limits` alone.",
        examples=[[{"display_name": "Small"}, {"display_name": "Large", "memory": "4G"}]],
    )
    spawner: Spawner = Field(default_factory=Spawner, description="How user servers are started.")
    services: Services = Field(default_factory=Services, description="What runs beside the hub.")
    network: Network = Field(
        default_factory=Network, description="The way to the internet, and what user servers may reach."
    )
    process_manager: ProcessManager = Field(
        "auto",
        description="What starts the services and keeps them running. `auto`: systemd if it is PID 1 on this machine,"
        " else supervisor.",
    )

    def conflicts(self) -> list[Conflict]:
        found = [
            *conflicts(self.http, self.tls_mode, self.base_url, self.network.subnet),
            *subdomain_conflicts(self.https, self.domain, self.tls_mode, behind=bool(self.http.trusted_proxies)),
            *environments_conflicts(self.environments),
            *profile_conflicts(self.profiles, self.environments, self.spawner.allow.images),
            *teacher_conflicts(self.teacher_lists, self.users),
            *course_conflicts(self.courses, self.shares, self.teachers),
            *choice_conflicts(self.courses, self.profiles),
            *room_conflicts(self.rooms, subdomains=self.https.subdomains),
            *self.auth.conflicts_with(listed=any(self.let_in) or self.users.allow_all is True),
        ]
        if not self.auth.from_elsewhere:
            found += without_effect(self.users)
        if self.tls_mode != "letsencrypt" or self.https.letsencrypt.server:
            return found
        more = {name: ("https", "letsencrypt", "domains", n) for n, name in enumerate(self.https.letsencrypt.domains)}
        places: dict[str, tuple[str | int, ...]] = more | ({self.domain: ("domain",)} if self.domain else {})
        return found + [
            Conflict(
                at=place,
                about=("domain", "https"),
                message=f"{name} is not a public DNS name, and Let's Encrypt issues certificates only for those",
                hint="try the full name, or https.mode: self-signed",
            )
            for name, place in places.items()
            if "." not in name
        ]

    @property
    def everyone(self) -> bool:
        """Whether every person may log in: with an account on the machine, or whom the provider knows."""
        return self.users.allow_all is True if self.auth.from_elsewhere else self.users.everyone

    @property
    def let_in(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names, and the groups, that may log in even if not everyone may."""
        users = self.users
        names = [*users.admin, *users.allowed, *(name for group in self.all_teachers.values() for name in group)]
        return tuple(dict.fromkeys(names)), (*users.admin_groups, *self.allowed_groups)

    @property
    def allowed_groups(self) -> tuple[str, ...]:
        """The groups that may log in: the listed ones, and the courses."""
        return tuple(dict.fromkeys((*self.users.allowed_groups, *self.courses)))

    @property
    def course_groups(self) -> dict[str, tuple[str, str]]:
        """Course → the groups of its members and of its teachers."""
        return {name: (name, teachers_group(name)) for name in self.courses}

    @property
    def graded(self) -> dict[str, str]:
        """The courses with nbgrader → the group of their teachers."""
        return {name: self.course_groups[name][1] for name, course in self.courses.items() if course.nbgrader}

    @property
    def all_shares(self) -> dict[str, Share]:
        """`shares`, and what courses bring."""
        return self.shares | shares_of(self.courses)

    @property
    def all_teachers(self) -> dict[str, tuple[str, ...]]:
        """Group → who teaches its members, by `teachers` and by courses."""
        return self.teachers | {name: course.teachers for name, course in self.courses.items()}

    @property
    def teacher_lists(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """Where config.yaml says who teaches: key → names."""
        listed = {("teachers", group): names for group, names in self.teachers.items()}
        return listed | {("courses", name, "teachers"): course.teachers for name, course in self.courses.items()}

    @property
    def tls_mode(self) -> Mode:
        """Where the certificate comes from: `https.mode`, or the default that follows from the other settings."""
        return self.https.chosen(self.domain)

    @property
    def names(self) -> tuple[str, ...]:
        """The DNS names of the hub; the first is the one to which people are sent. Empty: the hub is at addresses."""
        more = self.https.letsencrypt.domains if self.tls_mode == "letsencrypt" else ()
        return tuple(dict.fromkeys((self.domain, *more) if self.domain else more))

    @property
    def name(self) -> str | None:
        """The first of `names`."""
        return next(iter(self.names), None)

    @property
    def wildcard(self) -> tuple[str, ...]:
        """The name that stands for those of people's servers, if they have names of their own."""
        return (f"*.{self.domain}",) if self.https.subdomains and self.domain else ()
