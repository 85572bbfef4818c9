"""Rows → databases and warehouses: one transaction for each delivery, with a ledger row in it."""
