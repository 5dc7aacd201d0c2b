"""The Upload page: files on their way in, what would happen, the history and what is remembered."""
