"""What each address answers, a small file a subject."""
