"""What is stored of a call."""
