"""The types of single settings, for pydantic: how a value is parsed (values/), and what the JSON schema says of it."""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from hubinstall import layout
from hubinstall.settings.values import (
    allowances,
    archives,
    directory,
    dns,
    durations,
    files,
    names,
    networks,
    pages,
    profiles,
    proxies,
    requirements,
    sign_on,
    sizes,
    urls,
)
from hubinstall.settings.values.words import parse_list


def schema(title: str, pattern: str, kind: str | list[str] = "string") -> WithJsonSchema:
    return WithJsonSchema({"title": title, "type": kind, "pattern": f"^{pattern}$"})


Account = Annotated[str, BeforeValidator(names.parse_account), schema("account name", names.HOST_NAME)]
Group = Annotated[str, BeforeValidator(names.parse_group), schema("group name", names.HOST_NAME)]
ShareGroup = Annotated[str, BeforeValidator(names.parse_share_group), schema("group name", names.SHARE_GROUP)]
ShareName = Annotated[str, BeforeValidator(names.parse_share_name), schema("share name", names.SHARE)]
EnvironmentName = Annotated[
    str, BeforeValidator(names.parse_environment_name), schema("environment name", names.ENVIRONMENT)
]
RoomName = Annotated[str, BeforeValidator(names.parse_room_name), schema("room name", names.ROOM)]
CourseName = Annotated[str, BeforeValidator(names.parse_course_name), schema("course name", names.COURSE)]
Image = Annotated[str, BeforeValidator(names.parse_image), schema("image name", names.IMAGE)]
Accounts = Annotated[tuple[Account, ...], BeforeValidator(parse_list)]
Groups = Annotated[tuple[Group, ...], BeforeValidator(parse_list)]

Allowance = Annotated[
    str,
    BeforeValidator(allowances.parse_allowance),
    schema("line", allowances.ALLOWANCE),
]
Allowances = Annotated[tuple[Allowance, ...], BeforeValidator(parse_list)]
_ImagePrefix = Annotated[
    str, BeforeValidator(names.parse_image_prefix), schema("beginning of image names", names.IMAGE_PREFIX)
]
ImagePrefixes = Annotated[tuple[_ImagePrefix, ...], BeforeValidator(parse_list)]

Slug = Annotated[str, BeforeValidator(profiles.parse_slug), schema("name", profiles.SLUG)]
OptionName = Annotated[str, BeforeValidator(profiles.parse_option), schema("name of an option", profiles.OPTION)]
Pattern = Annotated[str, BeforeValidator(profiles.parse_pattern), schema("pattern", ".+")]
_Mount = Annotated[str, BeforeValidator(profiles.parse_mount), schema("directory path", profiles.MOUNT)]
Gpu = Annotated[str, BeforeValidator(profiles.parse_gpu), schema("GPU", profiles.GPU)]
GpuList = Annotated[tuple[Gpu, ...], BeforeValidator(parse_list)]
Mounts = Annotated[tuple[_Mount, ...], BeforeValidator(parse_list)]

_size = schema("size", sizes.SIZE, ["string", "integer"])
Memory = Annotated[int, BeforeValidator(sizes.parse_memory), _size]
Shm = Annotated[int, BeforeValidator(sizes.parse_shm), _size]
Quota = Annotated[int, BeforeValidator(sizes.parse_quota), _size]
Upload = Annotated[int, BeforeValidator(sizes.parse_upload), _size]
_duration = schema("duration", durations.DURATION, ["string", "integer"])
IdleTime = Annotated[int, BeforeValidator(durations.parse_idle_time), _duration]
Age = Annotated[int, BeforeValidator(durations.parse_age), _duration]
Pause = Annotated[int, BeforeValidator(durations.parse_pause), _duration]
Cpus = Annotated[
    float,
    Field(ge=sizes.LEAST_CPUS, le=sizes.MOST_CPUS, allow_inf_nan=False, title="number"),
    BeforeValidator(sizes.parse_cpus),
]
Uid = Annotated[int, Field(ge=1, le=layout.MOST_UID, title="whole number")]
Gpus = Annotated[int, Field(ge=0, le=16, title="whole number")]
Processes = Annotated[int, Field(ge=64, le=4_194_304, title="whole number")]
NamedServers = Annotated[int, Field(ge=0, le=1000, title="whole number")]

Domain = Annotated[str, BeforeValidator(dns.parse_domain), schema("DNS name", dns.DOMAIN)]
Email = Annotated[str, BeforeValidator(dns.parse_email), schema("email address", dns.EMAIL)]
Domains = Annotated[tuple[Domain, ...], BeforeValidator(parse_list)]

BaseUrl = Annotated[str, BeforeValidator(urls.parse_base_url), schema("URL path", urls.BASE_URL)]
Entrance = Annotated[str, BeforeValidator(urls.parse_entrance), schema("URL path", urls.ENTRANCE)]
AcmeServer = Annotated[
    str, BeforeValidator(urls.parse_acme_server), schema("URL of an ACME directory", urls.ACME_SERVER)
]
ArchivePlace = Annotated[str, BeforeValidator(archives.parse_place), schema("URL or file path", archives.PLACE)]
Sha256 = Annotated[str, BeforeValidator(archives.parse_sha256), schema("SHA-256", archives.SHA256)]
FilePath = Annotated[str, BeforeValidator(files.parse_file_path), schema("file path", files.FILE_PATH)]
SharedPath = Annotated[str, BeforeValidator(files.parse_shared_path), schema("directory path", files.FILE_PATH)]

_AsText = PlainSerializer(str, return_type=str)
Subnet = Annotated[
    ipaddress.IPv4Network,
    BeforeValidator(networks.parse_subnet),
    _AsText,
    schema("IPv4 network", r"[0-9]{1,3}(\.[0-9]{1,3}){3}/(1[6-9]|2[0-4])"),
]
Reachable = Annotated[
    networks.Destination,
    BeforeValidator(networks.Destination.parse),
    _AsText,
    schema("address, network or either with a port", r"[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?(:[0-9]{1,5})?"),
]
Destinations = Annotated[tuple[Reachable, ...], BeforeValidator(parse_list)]
Port = Annotated[int, Field(ge=1, le=65535, title="whole number"), AfterValidator(networks.parse_port)]
ListenAddress = Annotated[str, BeforeValidator(networks.parse_address), schema("address", networks.ADDRESS)]
Proxy = Annotated[
    str, BeforeValidator(networks.parse_proxy), schema("address or network", rf"{networks.ADDRESS}(/[0-9]{{1,3}})?")
]
Proxies = Annotated[tuple[Proxy, ...], BeforeValidator(parse_list)]
_Network = Annotated[
    str, BeforeValidator(networks.parse_reader), schema("address or network", rf"{networks.ADDRESS}(/[0-9]{{1,3}})?")
]
Networks = Annotated[tuple[_Network, ...], BeforeValidator(parse_list)]

WebProxy = Annotated[str, BeforeValidator(proxies.parse_web_proxy), schema("URL of a proxy", proxies.WEB_PROXY)]
Mirror = Annotated[str, BeforeValidator(proxies.parse_mirror), schema("URL of a mirror", proxies.MIRROR)]
PastProxy = Annotated[
    str, BeforeValidator(proxies.parse_past_proxy), schema("name, domain, address or network", proxies.PAST_PROXY)
]
PastProxies = Annotated[tuple[PastProxy, ...], BeforeValidator(proxies.parse_past_proxies)]

Title = Annotated[str, BeforeValidator(pages.parse_title), schema("one line of text", pages.TITLE)]
Announcement = Annotated[str, BeforeValidator(pages.parse_announcement), schema("text", pages.ANNOUNCEMENT)]
Description = Annotated[str, BeforeValidator(pages.parse_announcement), schema("text", pages.ANNOUNCEMENT)]
Link = Annotated[str, BeforeValidator(pages.parse_link), schema("link", pages.LINK)]

Issuer = Annotated[str, BeforeValidator(sign_on.parse_issuer), schema("URL of an OpenID provider", sign_on.ISSUER)]
ClientId = Annotated[str, BeforeValidator(sign_on.parse_client_id), schema("text", sign_on.CLIENT_ID)]
Claim = Annotated[str, BeforeValidator(sign_on.parse_claim), schema("name of a claim", sign_on.CLAIM)]
_GroupElsewhere = Annotated[
    str, BeforeValidator(sign_on.parse_group_elsewhere), schema("group name", sign_on.GROUP_ELSEWHERE)
]
GroupsElsewhere = Annotated[tuple[_GroupElsewhere, ...], BeforeValidator(parse_list)]
Endpoint = Annotated[str, BeforeValidator(sign_on.parse_endpoint), schema("URL of a platform", sign_on.ENDPOINT)]
_Role = Annotated[str, BeforeValidator(sign_on.parse_role), schema("role", sign_on.ROLE)]
LtiRoles = Annotated[tuple[_Role, ...], BeforeValidator(parse_list)]
_Scope = Annotated[str, BeforeValidator(sign_on.parse_scope), schema("scope", sign_on.SCOPE)]
Scopes = Annotated[tuple[_Scope, ...], BeforeValidator(parse_list)]

LdapServer = Annotated[str, BeforeValidator(directory.parse_server), schema("URL of an LDAP server", directory.SERVER)]
EntryName = Annotated[str, BeforeValidator(directory.parse_dn), schema("name of an entry (DN)", directory.DN)]
EntryNames = Annotated[tuple[EntryName, ...], BeforeValidator(parse_list)]
DnTemplate = Annotated[
    str, BeforeValidator(directory.parse_dn_template), schema("name of an entry with {username}", directory.DN_TEMPLATE)
]
PersonFilter = Annotated[str, BeforeValidator(directory.parse_filter), schema("filter", directory.FILTER)]
Attribute = Annotated[
    str, BeforeValidator(directory.parse_attribute), schema("name of an attribute", directory.ATTRIBUTE)
]

_Requirement = Annotated[
    str, BeforeValidator(requirements.parse_requirement), schema("package", requirements.REQUIREMENT)
]
Requirements = Annotated[tuple[_Requirement, ...], BeforeValidator(parse_list)]

_Package = Annotated[str, BeforeValidator(requirements.parse_package), schema("Python package", requirements.PACKAGE)]
Packages = Annotated[tuple[_Package, ...], BeforeValidator(parse_list)]
_AptPackage = Annotated[
    str, BeforeValidator(requirements.parse_apt_package), schema("package name", requirements.APT_PACKAGE)
]
AptPackages = Annotated[tuple[_AptPackage, ...], BeforeValidator(parse_list)]
_RPackage = Annotated[
    str, BeforeValidator(requirements.parse_r_package), schema("package of R", requirements.R_PACKAGE)
]
RPackages = Annotated[tuple[_RPackage, ...], BeforeValidator(parse_list)]
_Extra = Annotated[str, BeforeValidator(requirements.parse_extra), schema("name", requirements.EXTRA)]
Extras = Annotated[tuple[_Extra, ...], BeforeValidator(parse_list)]
_Kernel = Annotated[
    str, BeforeValidator(requirements.parse_kernel), schema("kernel", f"({'|'.join(requirements.KERNELS)})")
]
Kernels = Annotated[tuple[_Kernel, ...], BeforeValidator(parse_list)]
_App = Annotated[str, BeforeValidator(requirements.parse_app), schema("app", f"({'|'.join(requirements.APPS)})")]
Apps = Annotated[tuple[_App, ...], BeforeValidator(parse_list)]
