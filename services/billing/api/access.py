"""The permissions of billing as types: a route's signature says what a caller must be allowed to."""

from typing import Annotated

from shared.http.access import evaluates, reads, writes
from shared.http.tokens import Caller
from shared.unit_of_work import UnitOfWork

ReadBilling = Annotated[UnitOfWork, reads("billing:read")]
ChangeSettings = Annotated[UnitOfWork, writes("billing:settings")]
ChangeCustomers = Annotated[UnitOfWork, writes("billing:customers")]
SetBudgets = Annotated[UnitOfWork, writes("billing:budgets")]
ChangeTaxes = Annotated[UnitOfWork, writes("billing:taxes")]
ChangeCatalogue = Annotated[UnitOfWork, writes("billing:catalogue")]
ChangeQuotes = Annotated[UnitOfWork, writes("billing:quotes")]
ApproveQuotes = Annotated[UnitOfWork, writes("billing:approvals")]
ChangeSubscriptions = Annotated[UnitOfWork, writes("billing:subscriptions")]
ChangeInvoices = Annotated[UnitOfWork, writes("billing:invoices")]
VoidInvoices = Annotated[UnitOfWork, writes("billing:invoices:void")]
ReleaseInvoices = Annotated[UnitOfWork, writes("billing:invoices:release")]
WriteOffInvoices = Annotated[UnitOfWork, writes("billing:invoices:writeoff")]
ChangePaymentProfiles = Annotated[UnitOfWork, writes("billing:profiles")]
ImportStatements = Annotated[UnitOfWork, writes("billing:statements")]
ReadProviders = Annotated[UnitOfWork, reads("billing:providers")]
GrantCredit = Annotated[UnitOfWork, writes("billing:wallets")]
AgreePaymentPlans = Annotated[UnitOfWork, writes("billing:payments:plan")]
RecordPayments = Annotated[UnitOfWork, writes("billing:payments")]
CloseBooks = Annotated[UnitOfWork, writes("billing:ledger:close")]
RefundPayments = Annotated[UnitOfWork, writes("billing:payments:refund")]
SettlePayments = Annotated[UnitOfWork, writes("billing:payments:settle")]
VerifyInvoices = Annotated[UnitOfWork, reads("billing:read")]
VerifyBooks = Annotated[UnitOfWork, reads("billing:read")]
PreviewRerating = Annotated[UnitOfWork, reads("billing:read")]
RehearsePlans = Annotated[UnitOfWork, reads("billing:read")]
WhatIf = Annotated[UnitOfWork, reads("billing:read")]
PreviewChanges = Annotated[UnitOfWork, reads("billing:read")]
Preview = Annotated[Caller, evaluates("billing:preview")]
