"""`python -m w2vtrain` is `w2v`."""

from w2vtrain.cli import main

main()
