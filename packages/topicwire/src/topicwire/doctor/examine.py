"""All checks, in the order in which their cures are best applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from topicwire.codegen.config import AppConfig
from topicwire.doctor import application as made
from topicwire.doctor import sources
from topicwire.doctor.finding import Check, Finding
from topicwire.doctor.live import Trial, tried
from topicwire.doctor.server import reachable
from topicwire.doctor.updates import CHECK, Heard

SOURCES: Mapping[str, Check] = {
    "declarations": sources.declarations,
    "packages": sources.packages,
    "models exported": sources.models_exported,
    "router imports": sources.router_imports,
    "fresh routers": sources.fresh_routers,
    "client version": sources.client_version,
}


@dataclass(frozen=True, slots=True)
class Examination:
    """What was looked at, and what was found.

    Attributes:
        checks: how many findings each check has, in order; None where it could not be made.
        findings: in the order of the checks.
        heard: what came of the subscriptions that were tried.
    """

    checks: Mapping[str, int | None]
    findings: tuple[Finding, ...]
    heard: tuple[Heard, ...] = ()


def examine(config: AppConfig, trial: Trial) -> Examination:
    """Run every check. The application is imported, and nothing is written.

    Args:
        config: of the application.
        trial: the server that is to be asked, and the subscriptions to try, if any.

    Raises:
        ConfigError: a subscription is to be tried, and the application cannot be served here.
    """
    url = trial.url
    found = {name: list(check(config)) for name, check in SOURCES.items()}
    application, faults = made.loaded(config)
    checks: dict[str, int | None] = {name: len(several) for name, several in found.items()}
    findings = [finding for several in found.values() for finding in several] + faults
    checks["application"] = len(faults)
    for name, check in (
        ("registered", made.registered),
        ("fresh documents", made.fresh_documents),
        ("topics", made.topics),
    ):
        several = [] if application is None else list(check(config, application))
        checks[name] = None if application is None else len(several)
        findings += several
    if url is not None:
        several = list(reachable(url, application))
        checks["reachable"] = len(several)
        findings += several
    heard: list[Heard] = []
    if trial.wanted:
        heard, several = tried(trial, application)
        checks[CHECK] = len(several) if heard else None
        findings += several
    return Examination(checks, tuple(findings), tuple(heard))
