"""The agent: an investigation loop whose prompt never outgrows its ceiling."""
