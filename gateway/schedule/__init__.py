"""The clock: APScheduler rings, what is due lives in our tables."""
