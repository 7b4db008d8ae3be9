"""What a run is worth: scores, error analysis, reports, benchmarks. Used from a checkout."""
