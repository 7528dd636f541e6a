"""The paths of the target's own files. They hold people's data, so Git ignores the default folder."""

from __future__ import annotations

import itertools
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Final

from listrak_api.errors import ConfigurationError

__all__ = ["FILE_NAME", "local_path", "rejects_path", "replay_command"]

FILE_NAME: Final = "target-listrak-rejects.singer"


def rejects_path(setting: str | None) -> Path:
    """Return the path of the rejects file.

    Args:
        setting: The setting `rejects_path`. If it is not set, the file is in Meltano's folder `.meltano`,
            which Git ignores, or outside of Meltano in the user's folder for such data (`$XDG_STATE_HOME`,
            `~/.local/state`).

    Raises:
        ConfigurationError: The setting names a folder, or a file in a folder that cannot be written to.
    """
    return local_path("rejects_path", setting, FILE_NAME, "The rejects file")


def local_path(name: str, setting: str | None, file_name: str, what: str) -> Path:
    """Return the path of one of the target's files.

    Args:
        name: The setting.
        setting: Its value; if it is `None`, the file is in the same default folder as the rejects file.
        file_name: The file's name in that folder.
        what: What the file is, for error texts.

    Raises:
        ConfigurationError: The setting names a folder, or a file in a folder that cannot be written to.
    """
    if setting is None:
        return _default_folder() / file_name
    path = Path(setting)
    try:
        path = path.expanduser()
        if path.is_dir():
            message = f"{name} is a folder: {path}"
            raise ConfigurationError(message, setting=name, hint="Name a file in it.")
        if path.exists() and not path.is_file():
            message = f"{name} is not a regular file: {path}"
            hint = "A device or a pipe does not keep what is written to it. Name a file."
            raise ConfigurationError(message, setting=name, hint=hint)
        folder = next((parent for parent in path.absolute().parents if parent.exists()), Path("/"))
        usable = "\0" not in setting and folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    except (OSError, ValueError, RuntimeError):  # a name that is too long, a NUL in it, no home folder
        usable = False
    if not usable:
        message = f"{what} (setting {name}) cannot be written: no file can be created there"
        hint = "Name a file in a folder you may write to."
        raise ConfigurationError(message, setting=name, hint=hint)
    return path


def replay_command(path: Path) -> str:
    """Return the command that loads a corrected rejects file. It works in any folder.

    Under Meltano it names the environment: otherwise Meltano would take the project's default environment,
    which may have other settings.
    """
    path = path.absolute()
    loader = os.environ.get("MELTANO_LOADER_NAME")
    if loader:
        environment = os.environ.get("MELTANO_ENVIRONMENT")
        options = [f"--environment={environment}"] if environment else []
        return shlex.join(["meltano", *options, "invoke", loader, "--input", str(path)])
    words = sys.argv if Path(sys.argv[0]).name.startswith("target-listrak") else []
    options = [word for word in words if word.startswith("--config=")]
    options += [f"--config={value}" for name, value in itertools.pairwise(words) if name == "--config"]
    return shlex.join(["target-listrak", *(options or ["--config=config.json"]), "--input", str(path)])


def _default_folder() -> Path:
    """Return the folder of files whose setting has no value; it need not exist."""
    meltano = os.environ.get("MELTANO_SYS_DIR_ROOT")
    project = os.environ.get("MELTANO_PROJECT_ROOT")
    if meltano or project:
        return (Path(meltano) if meltano else Path(str(project)) / ".meltano") / "target-listrak"
    state = os.environ.get("XDG_STATE_HOME", "")
    if Path(state).is_absolute():
        return Path(state) / "singer-listrak"
    try:
        return Path.home() / ".local" / "state" / "singer-listrak"
    except RuntimeError:  # a user without a home folder, as in some containers
        return Path(tempfile.gettempdir()) / f"singer-listrak-{os.getuid()}"
