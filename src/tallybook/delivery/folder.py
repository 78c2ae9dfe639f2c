"""Delivery into a folder or an object store: the chosen files of a revision, its manifest last (fsspec)."""

import errno
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from tallybook.credentials import SecretRef
from tallybook.delivery.contract import Kind, Means, Parcel, ParcelFile, Sent, TryAgainError
from tallybook.errors import DeliveryError
from tallybook.settings import DeliverySettings

_WITH_FOLDERS = frozenset({"file", "local", "memory", "sftp", "ssh", "smb", "ftp"})
"""Stores whose folders have to be made. In an object store that could make a bucket, when its name is mistyped."""
_LASTING = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_SECRET_WORDS = ("secret", "password", "token", "credential", "passphrase")


def _without_user(url: str) -> str:
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise ValueError("a user or password is never written into an address; give it below secrets")
    if not url.isprintable() or not url.strip():
        raise ValueError("write a folder, or an address such as s3://bucket/reports")
    return url


def _without_secrets(options: dict[str, Any]) -> dict[str, Any]:
    for name, value in options.items():
        if name == "key" or any(word in name.lower() for word in _SECRET_WORDS):
            raise ValueError(f'{name!r} is a secret: write secrets = {{ {name} = {{ env = "NAME" }} }}')
        if isinstance(value, dict):
            _without_secrets(value)
    return options


class FolderSettings(DeliverySettings):
    """A folder, or a store that fsspec knows. `options` and `secrets` are those of its file system, by their names."""

    kind: Literal["folder"]
    url: Annotated[str, AfterValidator(_without_user)]
    files: Annotated[tuple[str, ...], Field(min_length=1)] = ("*",)
    options: Annotated[dict[str, Any], AfterValidator(_without_secrets)] = Field(default_factory=dict)
    secrets: dict[str, SecretRef] = Field(default_factory=dict)


def send(settings: FolderSettings, parcel: Parcel, means: Means) -> Sent:
    """Copy the files to <url>/<month>/rNN/, those of a test below <url>/test/.

    The manifest comes last: where it lies, all of them do. What is there is replaced by the same bytes.
    """
    files = (*parcel.chosen(settings.files), parcel.manifest)
    secrets = {name: means.read_secret(ref) for name, ref in settings.secrets.items()}
    url = settings.url if "://" in settings.url else str(means.base / settings.url)
    store, root = _opened(url, {**settings.options, **secrets})
    target = "/".join([root.rstrip("/"), *(["test"] if parcel.is_test else []), parcel.place])
    for file in files:
        _put(store, file, f"{target}/{file.path}")
    return Sent(target=f"{settings.url.rstrip('/')}{target.removeprefix(root.rstrip('/'))}", files=files)


def _opened(url: str, options: Mapping[str, Any]) -> tuple[Any, str]:
    """The file system of an address and the path in it."""
    from fsspec.core import url_to_fs

    protocol = url.partition("://")[0]
    try:
        store, root = url_to_fs(url, skip_instance_cache=True, **options)
    except ImportError:
        extra = (
            "pip install 'tallybook[s3]'" if protocol in ("s3", "s3a") else f"install what fsspec needs for {protocol}"
        )
        raise DeliveryError(f"no package for {protocol}:// is installed: {extra}, or choose another url") from None
    except (ValueError, TypeError) as error:
        raise DeliveryError(f"{protocol}:// cannot be opened ({error}); check url and options") from None
    return store, str(root)


def _put(store: Any, file: ParcelFile, target: str) -> None:
    source = file.check()
    try:
        if _WITH_FOLDERS.intersection([store.protocol] if isinstance(store.protocol, str) else store.protocol):
            store.makedirs(target.rpartition("/")[0], exist_ok=True)
        store.put_file(str(source), target)
    except OSError as error:
        problem = f"{file.path} could not be written ({type(error).__name__}: {error})"
        if isinstance(error, _LASTING) or error.errno in _FULL:
            raise DeliveryError(f"{problem}; check url, rights and room there") from None
        raise TryAgainError(problem) from None


KIND = Kind(settings=FolderSettings, send=send)
