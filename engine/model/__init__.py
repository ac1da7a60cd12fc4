"""The nouns: what a contact centre is made of, and the numbered settings that the kernel reads."""
