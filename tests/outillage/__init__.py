"""What the tests of the whole portal share: a database, a browser in process, the checks of every page."""
