"""`python -m narasumber`: the console command."""

from narasumber.cli import main

if __name__ == "__main__":
    main()
