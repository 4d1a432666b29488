"""``flask backup …`` (docs/backup.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.backup.errors import BackupError, ShopNotEmpty
from app.backup.models import Backup
from app.backup.service import Backups
from app.db.errors import PyMongoError
from app.db.migrations import MigrationLocked
from app.web.progress import progress_bar
from app.web.registry import service

backup_commands = AppGroup("backup", help="The whole shop as one file.")
_FILE = click.Path(dir_okay=False, path_type=Path)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ShopNotEmpty as refusal:
        raise click.ClickException(f"{refusal} Say --over to have it so.") from refusal
    except (BackupError, MigrationLocked) as refusal:
        raise click.ClickException(str(refusal)) from refusal
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'The file'}: {error.strerror}") from error
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error


def _line(backup: Backup) -> str:
    manifest = backup.manifest
    pictures = f"{manifest.media.count} pictures" if backup.header.has_media else "no pictures"
    sealed = "encrypted" if backup.encrypted else "not encrypted"
    return (
        f"{manifest.documents} documents of {len(manifest.collections)} collections, {pictures}, "
        f"taken at {backup.header.taken_at}, {sealed}"
    )


@backup_commands.command("create")
@click.argument("file", type=_FILE)
@click.option("--without-media", is_flag=True, help="Leave pictures out: they are kept elsewhere.")
def create(file: Path, *, without_media: bool) -> None:
    """Write everything of the shop, as it is at one moment, into FILE."""
    with _told(), progress_bar("Taking a backup") as progress:
        backups = service(Backups, current_app)
        backup = backups.create(file, with_media=not without_media, progress=progress)
    click.echo(_line(backup))
    if not backup.encrypted:
        click.echo("Everybody who has the file can read it: BACKUP_KEY is not set.", err=True)


@backup_commands.command("check")
@click.argument("file", type=_FILE)
def check(file: Path) -> None:
    """Read FILE from front to back, and say whether it is whole."""
    with _told(), progress_bar("Checking the backup") as progress:
        backup = service(Backups, current_app).check(file, progress)
    click.echo(f"whole: {_line(backup)}")


@backup_commands.command("restore")
@click.argument("file", type=_FILE)
@click.option("--over", is_flag=True, help="Delete the data that this shop has.")
@click.option(
    "--skip-numbers",
    default=1000,
    show_default=True,
    type=click.IntRange(min=0),
    help="Numbers of orders and invoices to leave out, for those given since the backup.",
)
def restore(file: Path, *, over: bool, skip_numbers: int) -> None:
    """Put FILE in the place of everything. Stop the web servers and workers first."""
    with _told(), progress_bar("Restoring the backup") as progress:
        backup = service(Backups, current_app).restore(
            file, over=over, skip_numbers=skip_numbers, progress=progress
        )
    click.echo(f"restored: {_line(backup)}")
    click.echo("Next: flask --app wsgi payments reconcile --days N (docs/backup.md)")
