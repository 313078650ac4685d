"""`services`: what runs beside the hub. The keys of `cull` that The Littlest JupyterHub has, too, mean the same."""

from pydantic import Field

from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.types import Accounts, Age, Groups, IdleTime, Networks, Pause


class Cull(Section):
    enabled: bool = Field(
        True,
        description="Whether servers are stopped that nobody uses. A server is in use while a kernel computes, and when"
        " a cell is run, a file is saved, or a terminal is used; a page that is only open does not count.",
        examples=[False],
    )
    timeout: IdleTime = Field(
        7200,
        description="How long a server may be idle, at least 30 s: a number of seconds, or a whole number with s, m, h"
        " or d. People whose page is open are asked ten minutes before (or at half of a shorter time).",
        examples=["2h"],
    )
    every: Pause = Field(
        60,
        description="How often idle servers are looked for, from 5 s to 1 h.",
        examples=[300],
    )
    max_age: Age = Field(
        0,
        description="How long a server may run at all, in use or not. 0: as long as it is used.",
        examples=["1d"],
    )
    except_users: Accounts = Field((), description="Whose servers are never stopped.", examples=[["alice"]])
    except_groups: Groups = Field(
        (),
        description="The groups on this machine whose members' servers are never stopped.",
        examples=[["research"]],
    )

    def conflicts(self) -> list[Conflict]:
        return [
            Conflict((key, index), (key,), f"{name} is in the list twice", "try deleting one of them")
            for key in ("except_users", "except_groups")
            for index, name in repeats(getattr(self, key))
        ]


class History(Section):
    enabled: bool = Field(
        True,
        description="Whether the hub writes down, hour by hour and for 90 days, how long each person's servers ran, and"
        " how much processor time and memory they used (`hubinstall top --since 7d`). Only root can read it. false"
        " deletes what was written down.",
        examples=[False],
    )


class Metrics(Section):
    allow: Networks = Field(
        (),
        description="The addresses and networks that may read `/hub/metrics` without a token, such as a Prometheus on"
        " another machine. Others need a token with the scope `read:metrics`.",
        examples=[["10.0.0.5"]],
    )

    def conflicts(self) -> list[Conflict]:
        return [
            Conflict(("allow", index), ("allow",), f"{place} is in the list twice", "try deleting one of them")
            for index, place in repeats(self.allow)
        ]


class Services(Section):
    cull: Cull = Field(default_factory=Cull, description="Stopping servers that nobody uses.")
    history: History = Field(default_factory=History, description="What each person's servers used.")
    metrics: Metrics = Field(default_factory=Metrics, description="Figures for a monitoring system.")
