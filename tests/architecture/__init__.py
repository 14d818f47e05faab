"""What the layout promises, held by checks that read the code itself."""
