"""Tools of other projects as methods, each in the package its authors publish."""
