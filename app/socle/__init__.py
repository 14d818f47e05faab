"""The kernel: database, perimeter, people, sessions, pages, jobs, storage. It knows no module."""
