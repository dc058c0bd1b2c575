"""The proxy auto-config file: which addresses a browser is to ask this gateway for.

With it ``http://app.eth/`` opens in a browser, and nothing of the system is touched. Names
of ENS, which no DNS knows, and the DNS names that a person chose go to this gateway; all
else goes the way it went. Names under https go here too, to be refused at once and with
the reason, rather than be asked of the DNS.

https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/Proxy_servers_and_tunneling/Proxy_Auto-Configuration_PAC_file
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

__all__ = ["PROXY_FILE_PATH", "PROXY_FILE_TYPE", "proxy_file"]

PROXY_FILE_PATH: Final = "/proxy.pac"
PROXY_FILE_TYPE: Final = "application/x-ns-proxy-autoconfig"

_LOCALHOST: Final = "localhost"

_SCRIPT: Final = """\
// Names that walkaway opens; all other addresses go the way they went.
var names = %(names)s;
function FindProxyForURL(url, host) {
  var name = host.toLowerCase();
  var ours = /^https?:/i.test(url) && (/[^.]\\.eth$/.test(name) || names.indexOf(name) >= 0);
  return ours ? "PROXY %(proxy)s" : "DIRECT";
}
"""


def proxy_file(authority: str, names: Iterable[str]) -> bytes:
    """The file for whoever reaches the gateway at ``authority``.

    ``names`` are those that go there besides names of ENS, in lower case.
    """
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, "80"
    # The proxy's own name is not asked of anybody.
    proxy = f"{'127.0.0.1' if host == _LOCALHOST else host}:{port}"
    return (_SCRIPT % {"names": json.dumps(list(names)), "proxy": proxy}).encode()
