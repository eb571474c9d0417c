"""Files to take away: pictures, films, slides, data, code."""
