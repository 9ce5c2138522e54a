"""`selo catalogue`: the products that members may be recommended, from a file."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_database
from api.commands.running import CannotRun, run
from api.commands.terminal.files import read_text
from api.process import open_process
from api.settings.reading import read_settings
from domain.model.club.products import CatalogueChanges, Product
from domain.model.moving.catalogue_file import CatalogueMalformed, read_catalogue
from domain.services.club import catalogue as services
from domain.services.errors import InvalidInput
from domain.store.club import products

catalogue = typer.Typer(help="The products that members may be recommended.", no_args_is_help=True)

DataOption = Annotated[Path | None, typer.Option("--data", help="The data folder.")]


@catalogue.command("import")
def import_products(
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV with the columns sku, title (or title_pt for a language), categories, price, image,"
            " link, available; or NDJSON with these fields."
        ),
    ],
    apply: Annotated[
        bool, typer.Option("--apply", help="Write them; without it nothing is written.")
    ] = False,
    is_complete: Annotated[
        bool, typer.Option("--complete", help="The file has all products: others of files are sold no more.")
    ] = False,
    data_folder: DataOption = None,
) -> None:
    """Bring products from a file; those that there are are changed to what it says. It is tried first."""

    async def work() -> CatalogueChanges:
        settings = read_settings(data=data_folder)
        async with open_database(settings) as database, open_process(settings, database) as process:
            header = process.runtime.programme.programme
            try:
                listed = read_catalogue(read_text(file), currency=header.currency, locales=header.locales)
                catalogue_changes = await services.try_products(
                    process.runtime, listed, is_complete=is_complete
                )
            except CatalogueMalformed as faults:
                raise CannotRun(f"{file}:\n{faults}") from None
            except InvalidInput as refusal:
                raise CannotRun(refusal.message) from None
            if apply:
                await services.put_products(process.runtime, catalogue_changes)
            return catalogue_changes

    outcome = run(work())
    print(
        f"{len(outcome.new)} new, {len(outcome.changed)} changed, {len(outcome.gone)} sold no more,"
        f" {outcome.same} as they were"
    )
    if outcome.writes and not apply:
        print("Nothing was written: repeat it with --apply.")


@catalogue.command("list")
def list_products(data_folder: DataOption = None) -> None:
    """List the products: sku, source, price in minor units, categories, title."""

    async def work() -> list[Product]:
        settings = read_settings(data=data_folder)
        async with open_database(settings) as database, open_process(settings, database) as process:
            return [product async for product in products.iterate(process.store)]

    for each in run(work()):
        price = "-" if each.price is None else str(each.price)
        state = "" if each.is_available else "  (not available)"
        title = next(iter(each.title.values()), "")
        print(f"{each.sku}  {each.source}  {price}  {';'.join(each.categories) or '-'}  {title}{state}")
