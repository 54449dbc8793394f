"""States for people to look at: icons, frames, text, films."""
