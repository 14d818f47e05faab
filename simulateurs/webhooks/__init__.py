"""A service that receives signed calls (webhooks)."""
