"""`python -m eigenformers` is the command `eigenformers`."""

import sys

from .cli import main

sys.exit(main())
