"""A gateway of text messages, as the portal's contract describes one."""
