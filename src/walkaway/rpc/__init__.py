"""The JSON-RPC server, over HTTP and WebSocket.

May import `chain` and below. Decodes parameters, asks `chain` for a proven
answer, checks that its claim is what was asked, and encodes it. Begin with
`methods/` (the table of methods, one small function each) and `ask.py` (from a
`Proven` to its value), then `server.py` (sockets) and `local_surface.py` (who may speak).
"""
