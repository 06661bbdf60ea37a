"""The cellar: nouns (``models``), verbs that need a transaction (``queries``), and what carries them.

``session`` opens transactions, ``bell`` wakes who waits, ``blobs`` keeps octets by content hash,
``migrations`` changes the schema. Nothing here imports the gateway.
"""
