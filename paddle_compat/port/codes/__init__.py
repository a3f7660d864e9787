"""The rules that the porter itself applies: one subject a module."""
