"""One small package per kind of outside system: profiles, metrics, changes, rollouts, and the rest of the context."""
