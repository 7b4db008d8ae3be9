"""From a config to a run directory. Used from a checkout."""
