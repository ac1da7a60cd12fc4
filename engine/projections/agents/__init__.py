"""Agents: what they do, whom they may serve, and how busy they are."""
