"""What carries encoded updates between hubs, and numbers them."""
