"""From Spec and target folder to text, and from text to files."""
