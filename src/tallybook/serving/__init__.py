"""The library's server: published reports over HTTP, for those who have the token."""
