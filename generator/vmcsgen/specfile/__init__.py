"""From YAML to a validated Spec: positions, limits, schema, semantic rules, the cache."""
