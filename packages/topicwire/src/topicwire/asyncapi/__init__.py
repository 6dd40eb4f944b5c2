"""The AsyncAPI 3.1 document of an adapter: written, validated, read back."""
