"""What every module stands on: organisation, access, audit, ledger, documents, exchange and screens."""
