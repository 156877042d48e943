"""Double entry: what each event that moves money says in accounts, and when revenue is earned. Pure."""
