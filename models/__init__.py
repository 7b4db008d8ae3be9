"""Encoders, the network on top of them, and its export. Used from a checkout."""
