"""Messages that come back."""
