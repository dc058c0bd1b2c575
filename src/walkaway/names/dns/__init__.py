"""DNS names, proven by DNSSEC down from the root's keys, whoever passes the records on.

May import `chain` and everything below. Begin with `lookup.py` (records, or their
proven absence) and `zones.py` (the walk from the root down); `dnslink.py` reads names
of content out of them, `oracle.py` the proofs that ENS takes.
"""
