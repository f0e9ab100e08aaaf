"""Pictures of a build: its stages, their steps and what reads what, in languages of others and as SVG."""
