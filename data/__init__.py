"""From annotated articles to data sets: readers, checks, splits, `datasets.DatasetDict`. Used from a checkout."""
