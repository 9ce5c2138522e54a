"""Contacts, sessions, sign-in codes, devices, staff and stores."""
