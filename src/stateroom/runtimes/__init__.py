"""What runs inside a cabin, and how it is told what to do."""
