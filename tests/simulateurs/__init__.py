"""The simulators refuse what the real services refuse, and let a correct journey through."""
