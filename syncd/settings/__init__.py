"""The configuration: YAML with positions, environment and credentials, as one typed tree."""
