"""Avatar files. A name is never used twice, a row is committed only after its file is on disk, and a file is
removed only after its row is gone: at any one moment every row has its file."""

import os
import secrets
from pathlib import Path


def new_name(user_id: int) -> str:
    return f"{user_id}-{secrets.token_hex(8)}.png"


def write(folder: Path, name: str, data: bytes) -> None:
    """Under a temporary name, fsynced, renamed: never half a file under a real name."""
    temporary = folder / f".{name}"
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, folder / name)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def names(folder: Path) -> list[str]:
    """The finished files, sorted. A volume's own lost+found and temporary files are none."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.name.endswith(".png") and not entry.name.startswith("."))


def remove(folder: Path, name: str | None) -> None:
    if name is not None:
        (folder / name).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Removes what a killed upload left under a temporary name."""
    for path in folder.glob(".*.png"):
        path.unlink(missing_ok=True)
