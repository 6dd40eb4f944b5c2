"""Two AsyncAPI documents of ours compared: what breaks whom, with a witness; what does not."""
