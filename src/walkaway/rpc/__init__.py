"""The JSON-RPC server, over HTTP and WebSocket.

May import `chain` and below. Decodes parameters, asks `chain` for a proven
answer, checks that its claim is what was asked, and encodes it. Begin with
`methods.py` (the table of methods), then `server.py` (the local surface).
"""
