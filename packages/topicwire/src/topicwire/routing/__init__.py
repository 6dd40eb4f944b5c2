"""What an application declares: operations, routers, services and topic builders."""
