"""The adapter for HTTP: API, streams, desk and wallboard.

`adapter` holds the servers, `application` all routes. A request passes `middleware` to its handler in `routes`, which
asks through the `context`; `feed` tells streams what changes, `wallboard` knows boards, `desk` who sits at one,
`metrics` what Prometheus is told, and `pages` are for browsers.
"""
