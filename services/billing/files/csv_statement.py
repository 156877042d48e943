"""Bank statements as CSV (RFC 4180, comma or semicolon, UTF-8), with a line of names.

statement, account, reference, booked_on, amount and currency are needed; valued_on, payer, payer_account, text,
end_to_end and bank_reference may be there. `amount` is signed: what left the account is negative.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from services.billing.domain.bank_entry import BankEntry
from services.billing.files.statement import (
    MOST_ENTRIES,
    MalformedStatement,
    Statement,
    Wrong,
    WrongField,
    account,
    day,
    money,
    words,
)

NEEDED = ("statement", "account", "reference", "booked_on", "amount", "currency")
OPTIONAL = ("valued_on", "payer", "payer_account", "text", "end_to_end", "bank_reference")
Row = dict[str, str]


def read(content: bytes) -> Statement:
    """Raises MalformedStatement with every line that is wrong."""
    entries, places, wrong = [], [], []
    for line, row in _rows(content):
        try:
            entries.append(_entry(row))
            places.append(line)
        except WrongField as error:
            wrong.append(Wrong(line, error.name, str(error)))
    if not entries and not wrong:
        wrong.append(Wrong(0, "", "there is no entry in it"))
    if len(entries) > MOST_ENTRIES:
        wrong.append(Wrong(0, "", f"at most {MOST_ENTRIES} entries a file"))
    if wrong:
        raise MalformedStatement(wrong)
    return Statement(entries=entries, places=places)


def _rows(content: bytes) -> Iterator[tuple[int, Row]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MalformedStatement([Wrong(0, "", "the file must be UTF-8")]) from None
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",", strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        _check_names(names)
        for cells in reader:
            if cells:
                yield reader.line_num, _row(names, cells, reader.line_num)
    except csv.Error as error:
        raise MalformedStatement([Wrong(reader.line_num, "", f"not CSV: {error}")]) from None


def _check_names(names: list[str]) -> None:
    wrong = [Wrong(1, name, "this column is missing") for name in NEEDED if name not in names]
    known = (*NEEDED, *OPTIONAL)
    wrong += [Wrong(1, f"column {n}", "not a known column") for n, name in enumerate(names, 1) if name not in known]
    wrong += [Wrong(1, name, "this column is there twice") for name in known if names.count(name) > 1]
    if wrong:
        raise MalformedStatement(wrong)


def _row(names: list[str], cells: list[str], line: int) -> Row:
    if len(cells) != len(names):
        raise MalformedStatement([Wrong(line, "", f"{len(names)} cells are needed")])
    return dict(zip(names, cells, strict=True))


def _entry(row: Row) -> BankEntry:
    amount = money("amount", row["amount"].strip(), row["currency"].strip())
    if not amount.minor:
        raise WrongField("amount", "nothing was moved")
    booked_on = day("booked_on", row["booked_on"].strip())
    valued = row.get("valued_on", "").strip()
    bank_reference = words("bank_reference", row.get("bank_reference", ""), longest=100)
    return BankEntry(
        statement=words("statement", row["statement"], longest=100, needed=True),
        account=account("account", words("account", row["account"], longest=50, needed=True)),
        reference=words("reference", row["reference"], longest=100, needed=True),
        bank_reference=bank_reference or None,
        amount=amount if amount.minor > 0 else -amount,
        is_incoming=amount.minor > 0,
        is_reversal=False,
        booked_on=booked_on,
        valued_on=day("valued_on", valued) if valued else booked_on,
        payer=words("payer", row.get("payer", "")),
        payer_account=account("payer_account", row.get("payer_account", "")),
        text=words("text", row.get("text", "")),
        end_to_end=words("end_to_end", row.get("end_to_end", ""), longest=100),
    )
