"""What can happen to a thread. Each function takes a session, asks the rules and calls the queries."""
