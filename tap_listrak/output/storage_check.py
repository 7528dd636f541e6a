"""Checks that the bucket for BATCH files exists, before the first request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from upath import UPath

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_storage"]

_SETTING = "batch_config.storage.root"
_HINT = "credentials, region and endpoint in the environment (for S3, AWS_…)."


def check_storage(config: Mapping[str, Any]) -> None:
    """Check that the bucket of `batch_config` exists. A folder need not exist: it is created.

    Writing to a bucket that does not exist may create it. With a misspelt name people's data would be stored
    in an unknown place.

    Args:
        config: The tap's settings.

    Raises:
        ConfigurationError: The bucket does not exist or cannot be looked up, or a package is missing.
    """
    storage = (config.get("batch_config") or {}).get("storage") or {}
    root = urlsplit(str(storage.get("root") or ""))
    if root.scheme in {"", "file"} or not root.netloc:
        _check_folder(Path(unquote(root.path)))
        return
    bucket = f"{root.scheme}://{root.netloc}"
    try:
        exists = UPath(bucket, **(storage.get("params") or {})).exists()
    except ImportError as error:
        message = (
            f"{_SETTING}: {root.scheme}:// needs a package that is not installed ({error.name or error})"
        )
        raise ConfigurationError(message, setting=_SETTING, hint="For s3:// it is s3fs.") from error
    except Exception as error:  # each kind of storage raises errors of its own library
        message = f"{_SETTING}: {bucket} cannot be looked up: {type(error).__name__}"
        raise ConfigurationError(message, setting=_SETTING, hint=f"Correct {_HINT}") from error
    if not exists:
        message = f"{_SETTING}: {bucket} does not exist, or these credentials may not see it"
        raise ConfigurationError(
            message, setting=_SETTING, hint=f"Correct the name, make the bucket, or correct {_HINT}"
        )


def _check_folder(folder: Path) -> None:
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    if there.exists() and not there.is_dir():
        message = f"{_SETTING}: {there} is no folder"
        raise ConfigurationError(message, setting=_SETTING, hint="Name a folder; it is made if need be.")
