"""Ten minutes of coming and going, and then the accounts: nothing lost that is not counted."""
