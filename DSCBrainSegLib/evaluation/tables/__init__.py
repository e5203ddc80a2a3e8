"""Tables of agreement, the paper's beside ours, as Markdown, LaTeX and CSV."""
