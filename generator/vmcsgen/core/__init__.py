"""The model: encodings, fields, controls, requirements and what follows from them. No I/O."""
