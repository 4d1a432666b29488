"""The demo store's pictures, rendered from scratch with Blender. See README.md here."""
