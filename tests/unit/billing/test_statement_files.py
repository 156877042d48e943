"""Bank statements as files: what is read of CAMT.053 and CSV, and how what is wrong is named."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.files import camt, csv_statement
from services.billing.files.statement import MOST_ENTRIES, MalformedStatement
from shared.money import Money

CAMT = """<?xml version="1.0" encoding="{encoding}"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>
 <GrpHdr><MsgId>M1</MsgId></GrpHdr>
 <Stmt><Id>2031-1</Id><Acct><Id><IBAN>NL91 ABNA 0417164300</IBAN></Id><Ccy>EUR</Ccy></Acct>{entries}</Stmt>
</BkToCstmrStmt></Document>"""
ENTRY = """<Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">1250.07</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
 <BookgDt><Dt>2031-01-02</Dt></BookgDt><ValDt><DtTm>2031-01-03T10:00:00+01:00</DtTm></ValDt><AcctSvcrRef>B-1</AcctSvcrRef>
 <NtryDtls><TxDtls><Refs><EndToEndId>E2E-1</EndToEndId></Refs>
  <RltdPties><Dbtr><Pty><Nm>Müller</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct></RltdPties>
  <RmtInf><Ustrd>pays</Ustrd><Ustrd>INV-000001</Ustrd><Strd><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd></RmtInf>
 </TxDtls></NtryDtls></Ntry>"""


def document(*entries: str, version: str = "08", encoding: str = "UTF-8") -> bytes:
    return CAMT.format(entries="".join(entries), version=version, encoding=encoding).encode(encoding)


def changed(old: str, new: str) -> str:
    assert old in ENTRY
    return ENTRY.replace(old, new, 1)


def wrong(content: bytes) -> list[tuple[int, str]]:
    with pytest.raises(MalformedStatement) as refused:
        camt.read(content)
    return [(w.place, w.field) for w in refused.value.wrong]


@pytest.mark.parametrize("version", ["02", "04", "08", "13"])
@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1"])
def test_an_entry_is_read_in_every_version(version: str, encoding: str) -> None:
    [entry] = camt.read(document(ENTRY, version=version, encoding=encoding)).entries
    assert (entry.statement, entry.account, entry.reference) == ("2031-1", "NL91ABNA0417164300", "1")
    assert (entry.amount, entry.is_paid_in) == (Money(125007, "EUR"), True)
    assert (entry.booked_on, entry.valued_on) == (date(2031, 1, 2), date(2031, 1, 3))
    assert (entry.payer, entry.payer_account) == ("Müller", "DE89370400440532013000")
    assert (entry.text, entry.end_to_end, entry.bank_reference) == ("pays INV-000001 RF18", "E2E-1", "B-1")


def test_what_is_pending_is_not_taken_and_what_went_out_is_told() -> None:
    pending, out = changed("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>"), changed("CRDT", "DBIT").replace("B-1", "B-2")
    back = changed("<Sts>", "<RvslInd>true</RvslInd><Sts>").replace("CRDT", "DBIT").replace("B-1", "B-3")
    nothing = changed("1250.07", "0.00").replace("B-1", "B-4")
    statement = camt.read(document(pending, out, back, nothing))
    assert statement.pending == 1
    assert [(e.is_incoming, e.is_reversal, e.is_paid_in) for e in statement.entries] == [
        (False, False, False),
        (False, True, False),
        (False, False, False),
    ]


PART = '<TxDtls><Amt Ccy="EUR">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd><RmtInf><Ustrd>{}</Ustrd></RmtInf></TxDtls>'


@pytest.mark.parametrize(("second", "amounts"), [("250.07", [100000, 25007]), ("250.06", [125007])])
def test_a_batch_is_its_parts_where_they_add_up(second: str, amounts: list[int]) -> None:
    parts = PART.format("1000.00", "INV-1") + PART.format(second, "INV-2")
    batch = ENTRY.partition("<NtryDtls>")[0] + f"<NtryDtls>{parts}</NtryDtls></Ntry>"
    entries = camt.read(document(batch)).entries
    assert [entry.amount.minor for entry in entries] == amounts
    assert len({entry.name for entry in entries}) == len(amounts)


def test_entries_that_share_a_reference_are_told_apart_the_same_way_each_time() -> None:
    names = [entry.name for entry in camt.read(document(ENTRY, ENTRY)).entries]
    assert len(set(names)) == 2
    assert names == [entry.name for entry in camt.read(document(ENTRY, ENTRY)).entries]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('Ccy="EUR"', 'Ccy="XXQ"', "currency"),
        ("1250.07", "1250.071", "Amt"),
        ("1250.07", "-1250.07", "Amt"),
        ("1250.07", "1E3", "Amt"),
        ("<CdtDbtInd>CRDT</CdtDbtInd>", "", "CdtDbtInd"),
        ("<BookgDt><Dt>2031-01-02</Dt></BookgDt>", "", "BookgDt"),
        ("2031-01-02", "2031-02-30", "BookgDt"),
        ("2031-01-02", "0001-01-01", "BookgDt"),
        ("INV-000001", "x" * 3000, "RmtInf"),
    ],
)
def test_a_wrong_entry_is_named_by_its_number(old: str, new: str, field: str) -> None:
    assert wrong(document(ENTRY, changed(old, new))) == [(2, field)]


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><x>&b;</x></Document>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><x>&a;</x></Document>"""


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        OUTSIDE,
        b"",
        b"<a",
        b"\xff\xfe\x00",
        b"<Document/>",
        document().replace(b"camt.053", b"camt.054"),
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"/>',
    ],
)
def test_what_is_no_statement_is_refused_and_no_entity_is_expanded(content: bytes) -> None:
    assert [place for place, _ in wrong(content)] == [0]


@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda t: document(changed("pays", "")).replace(b"E2E-1", t.encode("utf-8", "replace")))
)
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes) -> None:
    for read in (camt.read, csv_statement.read):
        with suppress(MalformedStatement):
            read(content)


HEAD = "statement,account,reference,booked_on,amount,currency,text,payer_account\n"
LINE = '2031-1,NL91,1,2031-01-02,1250.07,EUR,"pays INV-000001, thanks",de89 3704\n'


def test_csv_is_read_with_commas_semicolons_and_a_mark_in_front() -> None:
    for text in (
        HEAD + LINE,
        "\ufeff" + HEAD.replace(",", ";") + LINE.replace(",", ";").replace("; thanks", ", thanks"),
    ):
        [entry] = csv_statement.read(text.encode()).entries
        assert (entry.amount, entry.is_paid_in, entry.valued_on) == (Money(125007, "EUR"), True, date(2031, 1, 2))
        assert (entry.text, entry.payer_account) == ("pays INV-000001, thanks", "DE893704")


def test_a_negative_amount_went_out() -> None:
    [entry] = csv_statement.read((HEAD + LINE.replace("1250.07", "-3.00")).encode()).entries
    assert (entry.amount, entry.is_incoming) == (Money(300, "EUR"), False)


@pytest.mark.parametrize(
    ("text", "place", "field"),
    [
        ("", 1, "statement"),
        (HEAD, 0, ""),
        (HEAD.replace("amount", "sum") + LINE, 1, "amount"),
        (HEAD.replace("text", "currency") + LINE, 1, "currency"),
        (HEAD + LINE + LINE.replace("EUR", "eur"), 3, "currency"),
        (HEAD + LINE + LINE.replace("1250.07", "1.2.3"), 3, "amount"),
        (HEAD + LINE + LINE.replace("1250.07", "0"), 3, "amount"),
        (HEAD + LINE + LINE.replace("1250.07,EUR", "1.5,JPY"), 3, "amount"),
        (HEAD + LINE + LINE.replace("NL91", ""), 3, "account"),
        (HEAD + LINE.replace("2031-01-02", "02.01.2031"), 2, "booked_on"),
        (HEAD + "a,b\n", 2, ""),
        (HEAD + LINE.replace("thanks", "tha\0nks"), 2, "text"),
        (HEAD + LINE.replace('"pays', '"pays"x'), 2, ""),
        (HEAD + LINE * (MOST_ENTRIES + 1), 0, ""),
    ],
)
def test_a_wrong_line_is_named(text: str, place: int, field: str) -> None:
    with pytest.raises(MalformedStatement) as refused:
        csv_statement.read(text.encode())
    assert (refused.value.wrong[0].place, refused.value.wrong[0].field) == (place, field)


def test_csv_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(MalformedStatement):
        csv_statement.read(HEAD.encode() + LINE.encode() + b"\xff")
