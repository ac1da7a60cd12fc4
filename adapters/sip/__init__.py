"""The SIP adapter: callers come as INVITEs, agents' phones register and are rung; signalling only, no media."""
