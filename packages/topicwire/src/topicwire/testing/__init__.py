"""The public test kit: what an application built on Topicwire tests itself with."""
