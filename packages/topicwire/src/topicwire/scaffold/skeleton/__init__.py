"""An application with live routes, served by Topicwire."""
