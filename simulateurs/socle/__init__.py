"""What every simulated service shares: time, rules, declared clients, keys, pages, OpenID Connect."""
