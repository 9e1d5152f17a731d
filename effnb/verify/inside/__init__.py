"""Programs that run inside the sandbox, each a file of its own that needs the standard library only."""
