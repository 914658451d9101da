"""Print what makes a shell complete verbs, options, sweeps and experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

EXAMPLES = (
    "bash >> ~/.bashrc",
    "zsh >> ~/.zshrc",
    "fish > ~/.config/fish/completions/rescal-sweep.fish",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "shell", choices=("bash", "zsh", "fish"), help="the shell to complete in"
    )


def perform(options: argparse.Namespace) -> int:
    """Print the shell's code."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["rescal-sweep"], shell=options.shell))
    return 0
