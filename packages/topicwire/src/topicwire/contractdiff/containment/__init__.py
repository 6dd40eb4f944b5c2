"""Is every value of one schema a value of another? A proof, a witness, or an honest "unknown".

The draft-07 subset that AsyncAPI documents of ours use. Nothing here knows of routes.
"""
