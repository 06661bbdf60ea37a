"""Octets and values of mail: knows RFCs, no records; reads no clock, opens no socket."""
