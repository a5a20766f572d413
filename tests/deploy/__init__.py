"""The files of deploy/: checked by their own tools, and run."""
