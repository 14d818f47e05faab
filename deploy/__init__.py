"""What an installation outside `make run` needs: compose file, database set-up, health check."""
