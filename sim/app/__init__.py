"""The live app in a browser."""
