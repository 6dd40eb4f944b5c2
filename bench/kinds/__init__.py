"""What MessagePack and permessage-deflate save on the wire, and what they cost a server."""
