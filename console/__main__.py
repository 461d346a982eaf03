"""`python -m console` is `kashforce`: how the supervisor starts the processes it keeps."""

from console.cli import main

main()
