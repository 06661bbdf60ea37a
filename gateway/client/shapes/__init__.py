"""What the API answers, by theme. A field that a newer gateway adds is passed over."""
