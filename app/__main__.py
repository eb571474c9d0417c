"""`python -m app` is `optiscope`."""

from app.server.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
