"""The verbs of the store: functions taking a session. Statements are built once, at module level."""
