"""New projects and new routes: what the first steps of a quick start write by hand."""
