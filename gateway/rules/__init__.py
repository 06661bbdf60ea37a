"""Decisions about records, one question a file: values in, values out. Nothing here reads, writes or waits."""
