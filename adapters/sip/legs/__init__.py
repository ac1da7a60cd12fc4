"""The sides of a call: a dialog each, how it begins and ends, where it goes, and what a restart needs of it."""
