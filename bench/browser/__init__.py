"""What 50,000 updates a second cost the main thread of a page."""
