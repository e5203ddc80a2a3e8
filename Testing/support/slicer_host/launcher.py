"""Slicer's launcher (CTKAppLauncher) in front of Python, in what its users notice.

An empty argument is taken for the short form of the call for help: the help is printed behind the
output of the program. A program that a signal ended has the exit code 1, and one line says so.
"""

import subprocess
import sys

HELP = """Usage
  PythonSlicer [options]

Options
  --launcher-help                Display help
  --launcher-version             Show launcher version information
  --launcher-generate-template   Generate an example of setting file"""

if __name__ == "__main__":
    program = subprocess.Popen([sys.executable, *sys.argv[1:]])
    try:
        code = program.wait()
    except KeyboardInterrupt:
        code = program.wait()
    if code < 0:
        print(f"error: [{sys.executable}] exit abnormally - Report the problem.", file=sys.stderr)
        code = 1
    if "" in sys.argv[1:]:
        print(HELP, flush=True)
    sys.exit(code)
