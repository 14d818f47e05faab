"""The kernel's tests."""
