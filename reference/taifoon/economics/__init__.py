"""Section 5: rewards, stake, offences, penalties, and the ledger that conserves every unit."""
