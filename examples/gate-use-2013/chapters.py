"""What happens in the story, each as the calls that a CRM, an ERP or a portal would make."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from api import Json, Services


class UnexpectedAnswer(SystemExit):
    """The story went another way than it is written."""


@dataclass
class Story:
    services: Services
    contract: Json
    unpaid: list[Json]
    told: list[Json] = field(default_factory=list)
    heard: dict[str, Any] = field(default_factory=dict)
    waited: dict[str, float] = field(default_factory=dict)

    def set_up(self) -> None:
        """Settings, policy, meters, customers, plan: before anything is sold."""
        call, contract = self.services.call, self.contract
        call("billing", "PUT", "/v1/settings", contract["settings"])
        policy = dict(contract["renewal_policy"])
        call("renewals", "PUT", f"/v1/policies/{policy.pop('code')}", policy)
        for slug, meter in contract["meters"].items():
            call("usage", "PUT", f"/v1/meters/{slug}", meter)
        for key in contract["customers"]:
            customer = {"name": key, "zone": contract["zone"], "currency": contract["settings"]["currency"]}
            call("billing", "PUT", f"/v1/customers/{key}", customer)

    def publish_plan(self) -> None:
        """After the meters and the policy have travelled to billing: what is unknown there is refused."""
        plan = dict(self.contract["plan"])
        self.services.call("billing", "PUT", f"/v1/plans/{plan.pop('code')}", plan)

    def sell(self, chapter: Json) -> None:
        line = {"plan": self.contract["plan"]["code"], "starts_on": chapter["starts_on"]}
        for key in self.contract["customers"]:
            quote = self.services.call("billing", "POST", "/v1/quotes", {"customer": key, "lines": [line]})
            self._accept(quote["quote_id"], key)

    def renew(self, chapter: Json) -> None:
        """The renewal quote was drafted by the product; a person submits and sends it, the customer accepts."""
        for key in chapter["customers"]:
            drafts = self.services.pages("billing", "/v1/quotes", customer=key, purpose="renewal", status="draft")
            self._accept(next(drafts)["quote_id"], key)

    def _accept(self, quote_id: str, key: str) -> None:
        call = self.services.call
        call("billing", "POST", f"/v1/quotes/{quote_id}/submit", {})
        sent = call("billing", "POST", f"/v1/quotes/{quote_id}/send", {})
        while sent["acceptance_token"] is None:  # it is told once: who missed it sends again
            sent = call("billing", "POST", f"/v1/quotes/{quote_id}/send", {})
        call(
            "billing", "POST", "/v1/quote-acceptances", {"token": sent["acceptance_token"], "name": f"Manager of {key}"}
        )

    def pay_everything(self) -> None:
        """Payday: every open invoice is paid exactly, except those that the story leaves unpaid."""
        for invoice in list(self.services.pages("billing", "/v1/invoices", status="issued")):
            named = {"customer": invoice["customer"], "issued_on": invoice["issued_on"]}
            if named not in self.unpaid:
                self._pay(invoice)

    def pay(self, chapter: Json) -> None:
        open_invoices = self.services.pages("billing", "/v1/invoices", customer=chapter["customer"], status="issued")
        self._pay(next(i for i in open_invoices if i["issued_on"] == chapter["issued_on"]))

    def _pay(self, invoice: Json) -> None:
        payment = {
            "invoice": invoice["number"],
            "amount_minor": invoice["open_minor"],
            "currency": invoice["currency"],
        }
        self.services.call("billing", "POST", "/v1/payments", payment)

    def lose(self, chapter: Json) -> None:
        opportunity = next(self.services.pages("renewals", "/v1/opportunities", customer=chapter["customer"]))
        body = {"reason": chapter["reason"]}
        if "successor" in chapter:
            body["successor_subscription_id"] = self._subscription(chapter["successor"])
        path = f"/v1/opportunities/{opportunity['opportunity_id']}/close-lost"
        self.services.call("renewals", "POST", path, body)

    def _subscription(self, key: str) -> str:
        subscription: str = next(self.services.pages("billing", "/v1/subscriptions", customer=key))["subscription_id"]
        return subscription

    def check(self, chapter: Json) -> None:
        for key in chapter["customers"]:
            answer = self._access(key)
            self.told.append({"at": chapter["at"], "customer": key, "reason": answer["reason"]})
            if answer["reason"] != chapter["expect"]:
                raise UnexpectedAnswer(f"{chapter['at']} {key}: {answer['reason']}, not {chapter['expect']}")

    def check_at_once(self, chapter: Json) -> None:
        """Within seconds of real time, while the test clock stands."""
        began = time.monotonic()
        for key in chapter["customers"]:
            while (answer := self._access(key))["reason"] != chapter["expect"]:
                if time.monotonic() - began > 10:
                    raise UnexpectedAnswer(f"{chapter['at']} {key}: still {answer['reason']} after 10 s")
                time.sleep(0.05)
            self.told.append({"at": chapter["at"], "customer": key, "reason": answer["reason"]})
        self.waited[chapter["at"]] = round(time.monotonic() - began, 2)

    def tell_why(self, chapter: Json) -> None:
        self.heard["why"] = self.services.call(
            "entitlement", "GET", f"/v1/accounts/{chapter['customer']}/why-suspended"
        )

    def _access(self, key: str) -> Json:
        question = {"account": key, "features": list(self.contract["plan"]["features"])}
        answers: Json = self.services.call("entitlement", "POST", "/v1/access/check", question)
        answer: Json = answers["answers"][0]
        return answer
