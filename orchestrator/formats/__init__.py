"""Bytes and text agreed with any simulator."""
