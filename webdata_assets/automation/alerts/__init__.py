"""What people are told: causes from the ledger and the runs, one message when each begins and one after."""
