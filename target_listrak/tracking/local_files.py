"""Where the files of the target are: a place that nobody commits, as they hold people's data."""

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
        setting: The setting `rejects_path`; without it a file below Meltano's own folder (`.meltano`, which
            Meltano keeps out of Git), or outside of Meltano in the user's folder for such data
            (`$XDG_STATE_HOME`, `~/.local/state`).

    Raises:
        ConfigurationError: The setting names a folder, or a file in a folder that cannot be written to.
    """
    return local_path("rejects_path", setting, FILE_NAME, "The rejects file")


def local_path(name: str, setting: str | None, file_name: str, what: str) -> Path:
    """Return the path of one of the target's files.

    Args:
        name: The setting.
        setting: Its value; without one the default place, as for `rejects_path`.
        file_name: The file's name there.
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
        there = next((one for one in path.absolute().parents if one.exists()), Path("/"))
        usable = "\0" not in setting and there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    except (OSError, ValueError, RuntimeError):  # a name that is too long, a NUL in it, no home folder
        usable = False
    if not usable:
        message = f"{what} (setting {name}) cannot be written: no file can be created there"
        hint = "Name a file in a folder you may write to."
        raise ConfigurationError(message, setting=name, hint=hint)
    return path


def replay_command(path: Path) -> str:
    """Return the command that reads a corrected rejects file into the target again, from any folder.

    Under Meltano it names the environment: without it Meltano takes the project's default, with other
    settings.
    """
    path = path.absolute()
    loader = os.environ.get("MELTANO_LOADER_NAME")
    if loader:
        environment = os.environ.get("MELTANO_ENVIRONMENT")
        options = [f"--environment={environment}"] if environment else []
        return shlex.join(["meltano", *options, "invoke", loader, "--input", str(path)])
    words = sys.argv if Path(sys.argv[0]).name.startswith("target-listrak") else []
    options = [one for one in words if one.startswith("--config=")]
    options += [f"--config={value}" for name, value in itertools.pairwise(words) if name == "--config"]
    return shlex.join(["target-listrak", *(options or ["--config=config.json"]), "--input", str(path)])


def _default_folder() -> Path:
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
