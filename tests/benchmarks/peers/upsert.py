"""What a quick script does: `session.get` for every row, then add or update: upsert.py CSV DATABASE."""

import csv
import sys
from decimal import Decimal
from pathlib import Path

from sqlmodel import Field, Session, SQLModel, create_engine


class Stock(SQLModel, table=True):
    """One row of the file."""

    sku: str = Field(primary_key=True)
    quantity: int
    price: Decimal


def main(file: Path, database: Path) -> None:
    """Upsert every row and commit once."""
    engine = create_engine(f"sqlite:///{database}")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session, file.open(newline="") as lines:
        for row in csv.DictReader(lines):
            stock = session.get(Stock, row["sku"])
            if stock is None:
                session.add(
                    Stock(
                        sku=row["sku"], quantity=int(row["quantity"]), price=Decimal(row["price"])
                    )
                )
            else:
                stock.quantity = int(row["quantity"])
                stock.price = Decimal(row["price"])
        session.commit()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
