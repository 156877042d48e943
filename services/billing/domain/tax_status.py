"""Who is not charged tax, and why: exempt by a certificate, or owing the tax themselves by reverse charge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TaxTreatment = Literal["exempt", "reverse_charge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxStatus:
    """`reference` is the number of the certificate, or the tax id of a customer who owes the tax."""

    treatment: TaxTreatment
    reference: str

    @property
    def note(self) -> str:
        """What an invoice without tax has to say."""
        if self.treatment == "exempt":
            return f"Exempt from tax by certificate {self.reference}."
        return f"Reverse charge: the tax is owed by the customer, tax id {self.reference}."
