"""The journey in: accept at the door, then parse, authenticate, classify, route, identify, post."""
