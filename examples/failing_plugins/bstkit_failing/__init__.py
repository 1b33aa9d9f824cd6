"""Plugins that fail, one a module. The README says what each one shows."""
