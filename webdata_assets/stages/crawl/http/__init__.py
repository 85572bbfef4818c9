"""Plain requests: libcurl and aiohttp behind one interface, checked addresses, capped bodies, proxies."""
