"""What surrounds the portal: set-up, launcher and house rules. Nothing here is imported by `app`."""
