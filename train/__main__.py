"""`accelerate launch -m train CONFIG.yaml [--set key=value]`: what `narasumber train` does, in every process."""

from narasumber.cli import train_main

if __name__ == "__main__":
    train_main()
