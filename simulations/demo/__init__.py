"""The example contact centre: its configuration, and the command that brings it to life."""
