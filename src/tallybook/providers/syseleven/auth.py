"""Tokens for SysEleven's API: one per project, given or issued by Keystone, kept until near their end.

The only module that imports keystoneauth1, and with it requests. A token fits the project it was made for; an
application credential fixes its project by itself and must be asked for without a scope.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import stamina
from keystoneauth1 import exceptions
from keystoneauth1.access import AccessInfoV3
from keystoneauth1.identity import v3
from keystoneauth1.session import Session

from tallybook.contract import Auth
from tallybook.credentials import SecretReader, SecretRef
from tallybook.errors import ProviderError
from tallybook.providers.syseleven.settings import ProjectSettings, SyselevenSettings

_RETRIED = frozenset({408, 429, 502, 503, 504})
_LONGEST_WAIT_SECONDS = 60
_ATTEMPTS = 5
_MARGIN_SECONDS = 60.0  # a token this near to its end is not used any more
_ASSUMED_LIFETIME_SECONDS = 3600.0  # the provider's documentation: tokens live one hour


@dataclass(frozen=True, slots=True)
class Token:
    """A token and how long it lives from its issue on, in seconds."""

    text: str
    lifetime_seconds: float


Issue = Callable[[], Token]
Plugin = v3.Password | v3.ApplicationCredential


@dataclass(frozen=True, slots=True)
class _Held:
    text: str
    good_until: float  # on the clock of the keeper


class ProjectTokens:
    """X-Auth-Token per project; the credential is the project's id. Safe to share between threads.

    `given` tokens are used as they are. The others come from `issuers`, and are asked for again near the end
    of their lifetime (counted from the issue, so a clock that differs from Keystone's does no harm) and after
    a refusal.
    """

    def __init__(
        self,
        *,
        given: Mapping[str, str],
        issuers: Mapping[str, Issue],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._given = dict(given)
        self._issuers = dict(issuers)
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._locks = {project_id: threading.Lock() for project_id in issuers}

    def headers(self, credential: str) -> Mapping[str, str]:
        """The header of a project; ProviderError when Keystone does not give a token."""
        return {"X-Auth-Token": self._given.get(credential) or self._issued(credential)}

    def renew(self, credential: str) -> bool:
        """Forget an issued token; a given one cannot be had anew."""
        if credential not in self._issuers:
            return False
        with self._locks[credential]:
            self._held.pop(credential, None)
        return True

    def _issued(self, project_id: str) -> str:
        if project_id not in self._issuers:
            raise ProviderError(f"project {project_id} is not among this connection's projects any more")
        with self._locks[project_id]:
            held = self._held.get(project_id)
            if held is None or self._clock() >= held.good_until:
                asked_at = self._clock()
                token = self._issuers[project_id]()
                held = _Held(token.text, asked_at + token.lifetime_seconds - _MARGIN_SECONDS)
                self._held[project_id] = held
            return held.text


def authenticate(settings: SyselevenSettings, read_secret: SecretReader) -> Auth:
    """The tokens of all projects; secrets are read now, tokens are issued when first used."""
    given: dict[str, str] = {}
    issuers: dict[str, Issue] = {}
    for project in settings.projects:
        if project.token is not None:
            given[project.id] = read_secret(project.token)
        else:
            issuers[project.id] = _issuer(settings, project, _plugin(settings, project, read_secret))
    return ProjectTokens(given=given, issuers=issuers)


def _plugin(settings: SyselevenSettings, project: ProjectSettings, read_secret: SecretReader) -> Plugin:
    url = settings.keystone_url.rstrip("/")
    if project.application_credential_id is not None and project.application_credential_secret is not None:
        return v3.ApplicationCredential(
            auth_url=url,
            application_credential_id=read_secret(project.application_credential_id),
            application_credential_secret=read_secret(project.application_credential_secret),
            include_catalog=False,
        )
    if project.username is None or project.password is None:
        raise AssertionError("the settings let no project through without a way in")
    name = project.username
    return v3.Password(
        auth_url=url,
        username=read_secret(name) if isinstance(name, SecretRef) else name,
        password=read_secret(project.password),
        user_domain_name=project.user_domain_name,
        project_id=project.id,
        include_catalog=False,
    )


def _issuer(settings: SyselevenSettings, project: ProjectSettings, plugin: Plugin) -> Issue:
    def issue() -> Token:
        try:
            for attempt in stamina.retry_context(on=_may_pass, attempts=_ATTEMPTS, wait_initial=0.2):
                with attempt:
                    return _token(_ask(plugin, settings.timeout_seconds), project)
        except exceptions.HttpError as error:
            raise ProviderError(
                f"project {project.id}: Keystone at {_host(settings)} answered HTTP {error.http_status}; "
                "check the project's credentials, and keystone_url and user_domain_name"
            ) from None
        # Texts of these may repeat what was sent or answered: their names say enough.
        except (exceptions.ClientException, requests.RequestException, KeyError, TypeError, ValueError) as error:
            raise ProviderError(
                f"project {project.id}: Keystone at {_host(settings)} gave no token ({type(error).__name__}); "
                "check keystone_url, and that Keystone can be reached"
            ) from None
        raise AssertionError("a retry loop ends by returning or raising")

    return issue


def _ask(plugin: Plugin, timeout_seconds: float) -> AccessInfoV3:
    with requests.Session() as http:
        http.trust_env = False  # no .netrc: it would override the configured credentials
        # A redirect is not followed: it would carry the password elsewhere.
        session = Session(session=http, timeout=timeout_seconds, redirect=False)
        access: AccessInfoV3 = plugin.get_auth_ref(session)
        return access


def _token(access: AccessInfoV3, project: ProjectSettings) -> Token:
    if access.project_id is not None and access.project_id != project.id:
        raise ProviderError(
            f"project {project.id}: Keystone gave a token of project {access.project_id}; "
            "an application credential opens only the project that it was made in"
        )
    if not access.auth_token:
        raise ValueError("an empty token")
    return Token(access.auth_token, _lifetime_seconds(access))


def _lifetime_seconds(access: AccessInfoV3) -> float:
    try:
        issued, expires = access.issued, access.expires
    except (KeyError, ValueError):
        return _ASSUMED_LIFETIME_SECONDS
    if issued is None or expires is None:
        return _ASSUMED_LIFETIME_SECONDS
    return (expires - issued).total_seconds()


def _may_pass(error: Exception) -> bool | float:
    if isinstance(error, exceptions.HttpError):
        wait = error.retry_after
        if error.http_status not in _RETRIED or wait > _LONGEST_WAIT_SECONDS:
            return False
        return float(wait) if wait > 0 else True
    return isinstance(error, exceptions.RetriableConnectionFailure)


def _host(settings: SyselevenSettings) -> str:
    """Host and port without anything else an address may hold."""
    parts = urlsplit(settings.keystone_url)
    return f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"
