"""Contracts with any simulator, bytes and text, without policy."""
