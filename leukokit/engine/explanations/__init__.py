"""Why a fitted model says what it says, and whether it looks at cells."""
