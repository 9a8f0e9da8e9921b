"""The public API. It has the database and a key that seals; no engine, and no key that opens."""
