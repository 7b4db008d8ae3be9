"""Tests, by the folder that they are of; `strategies` and `crashes` are no tests themselves."""
