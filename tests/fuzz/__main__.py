"""`make fuzz`: damaged files of the corpus, arbitrary bytes and tables in all dialects, many thousand of them, for a few minutes.

Invariant: what fails is shrunk to the smallest such file and kept in `.hypothesis`, so that the next run tries it first.
"""

import sys

import pytest
from hypothesis import settings

EXAMPLES = 600

if __name__ == "__main__":
    settings.register_profile("fuzz", max_examples=int(sys.argv[1]) if sys.argv[1:] else EXAMPLES, print_blob=True)
    settings.load_profile("fuzz")
    sys.exit(
        pytest.main(
            [
                "--quiet",
                "-W",
                "ignore::pytest.PytestAssertRewriteWarning",
                "tests/fuzz",
                "tests/unit/test_ingest_properties.py",
            ]
        )
    )
