"""The browser sandbox: a community live on one's own machine, with no token and no server to install.

It is a platform like the others: it has members and messages of its own, tells Xiaoer what happens and performs what
Xiaoer asks for. Several tabs are several people.
"""

from xiaoer_web.adapter import WebAdapter, WebSettings

__all__ = ["WebAdapter", "WebSettings"]
