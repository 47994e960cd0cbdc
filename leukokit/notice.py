"""What every output says of its use."""

SHORT_NOTICE = "Research use only"
NOTICE = f"{SHORT_NOTICE}. Not a medical device."
